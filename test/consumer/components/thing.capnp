@0xa4f1c2d3e5b69780;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("messages");
$Proxy.include("thing.h");
$Proxy.includeTypes("thing-types.h");

struct Thing $Proxy.wrap("Thing") {
    name @0 :Text;
}
