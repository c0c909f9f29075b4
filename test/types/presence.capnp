# Fields with companions, which say whether there is a value.

@0x8c3f5d0be7a1924d;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("types::messages");
$Proxy.include("types/presence.h");
$Proxy.includeTypes("types/presence-types.h");

interface Presence $Proxy.wrap("types::Presence") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    throwCode @1 (context :Proxy.Context, code :Int32)
        -> (error :Int32 $Proxy.exception("types::Code"), hasError :Bool, result :Int32);
    throwText @2 (context :Proxy.Context, text :Text)
        -> (error :Text $Proxy.exception("std::exception"), hasError :Bool, result :Int32);
}
