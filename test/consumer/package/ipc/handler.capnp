@0x84f2c5fb6a1b569a;
# Ends what it stands for.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("harbor::ipc::messages");
$Proxy.include("core/interfaces.h");
$Proxy.includeTypes("ipc/handler-types.h");

interface Handler $Proxy.wrap("harbor::Handler") {
    destroy @0 (context :Proxy.Context) -> ();
    disconnect @1 (context :Proxy.Context) -> ();
}
