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
}
