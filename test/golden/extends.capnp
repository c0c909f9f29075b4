@0xe9a4c2b8d0f71635;
# Superclasses in this file, and in other files and namespaces.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Base = import "base/base.capnp";
using Mid = import "base/mid.capnp";

$Cxx.namespace("golden::derived");
$Proxy.include("base/base.h");
$Proxy.includeTypes("base/base-types.h");

interface Other $Proxy.wrap("golden::Other") {
    destroy @0 (context :Proxy.Context) -> ();
    otherCall @1 (arg :Int32) -> (result :Int32);
}

interface Derived extends(Base.Base, Other) $Proxy.wrap("golden::Derived") {
    # Both superclasses have a destroy.

    derivedCall @0 (arg :Int32) -> (result :Int32);
}

interface Bottom extends(Mid.Left, Mid.Right) $Proxy.wrap("golden::Bottom") {
    # Base is reached on two ways.

    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    bottomCall @1 (arg :Int32) -> (result :Int32);
    makeDerived @2 (context :Proxy.Context) -> (result :Derived);
}
