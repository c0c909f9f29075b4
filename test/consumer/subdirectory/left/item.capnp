@0xd1d051ef4e7ed58c;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("messages::left");
$Proxy.include("left/item.h");
$Proxy.includeTypes("left/item-types.h");

interface Item $Proxy.wrap("left::Item") {
    destroy @0 (context :Proxy.Context) -> ();
    name @1 (context :Proxy.Context) -> (result :Text);
}
