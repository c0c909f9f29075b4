# Large values, and an interface that a client can call before its peer has answered anything.

@0xd4a1c7e09b3f5826;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("types::messages");
$Proxy.include("types/lend.h");
$Proxy.includeTypes("types/lend-types.h");

interface Bulk $Proxy.wrap("types::Bulk") {
    size @0 (bytes :Data) -> (result :UInt64);
    echo @1 (bytes :Data) -> (result :Data);
    join @2 (first :Data, second :Data) -> (result :Data);
    own @3 (twice :Data) -> (result :UInt64);
    update @4 (bytes :Data) -> (bytes :Data);
    total @5 (all :List(Data)) -> (result :UInt64);
    masked @7 (masked :Data) -> (result :Bool);
    both @6 (bytes :Data, twice :Data) -> (result :UInt64);
}
