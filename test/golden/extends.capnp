@0xe9a4c2b8d0f71635;
# Superclasses in this file, and in another file and namespace.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Base = import "base/base.capnp";

$Cxx.namespace("golden::derived");
$Proxy.include("base/base.h");
$Proxy.includeTypes("base/base-types.h");

interface Other $Proxy.wrap("golden::Other") {
    otherCall @0 (arg :Int32) -> (result :Int32);
}

interface Derived extends(Base.Base, Other) $Proxy.wrap("golden::Derived") {
    derivedCall @0 (arg :Int32) -> (result :Int32);
}
