@0xc5e0b1f7a3d94826;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("golden::base");
$Proxy.include("base/base.h");
$Proxy.includeTypes("base/base-types.h");

interface Base $Proxy.wrap("golden::Base") {
    destroy @0 (context :Proxy.Context) -> ();
    baseCall @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}
