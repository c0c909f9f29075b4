@0x9b1e7d3c5a8f4021;
# Between a superclass of another file, and derived ones of others.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Base = import "base.capnp";

$Cxx.namespace("golden::mid");
$Proxy.include("base/base.h");
$Proxy.includeTypes("base/base-types.h");

interface Left extends(Base.Base) $Proxy.wrap("golden::Left") {
    leftCall @0 (arg :Int32) -> (result :Int32);
}

interface Right extends(Base.Base) $Proxy.wrap("golden::Right") {
    rightCall @0 (arg :Int32) -> (result :Int32);
}
