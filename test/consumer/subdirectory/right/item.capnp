@0x8da9409f0ee28d25;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Unit = import "/unit/unit.capnp";

$Cxx.namespace("messages::right");
$Proxy.include("right/item.h");
$Proxy.includeTypes("right/item-types.h");

interface Item $Proxy.wrap("right::Item") {
    destroy @0 (context :Proxy.Context) -> ();
    name @1 (context :Proxy.Context, plural :Bool) -> (result :Text);
}

struct Packing {
    unit @0 :Unit.Unit;
}
