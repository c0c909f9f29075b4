@0xe1c8f0a5d2b7be93;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("messages");
$Proxy.include("printer.h");
$Proxy.includeTypes("types.h");

interface Printer $Proxy.wrap("Printer") {
    # Prints lines in a process of its own.

    destroy @0 (context :Proxy.Context) -> ();
    print @1 (context :Proxy.Context, text :Text) -> ();
}
