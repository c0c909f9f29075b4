# Fields with companions, which say whether there is a value.

@0x8c3f5d0be7a1924d;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("types::presence");
$Proxy.include("types/presence.h");
$Proxy.includeTypes("types/presence-types.h");

interface Presence $Proxy.wrap("types::Presence") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    throwCode @1 (context :Proxy.Context, code :Int32)
        -> (error :Int32 $Proxy.exception("types::Code"), hasError :Bool, result :Int32);
    throwText @2 (context :Proxy.Context, text :Text)
        -> (error :Text $Proxy.exception("std::exception"), hasError :Bool, result :Int32);
    passShared @3 (context :Proxy.Context, number :Int32, hasNumber :Bool) -> (result :Int32, hasResult :Bool);
    passConst @4 (context :Proxy.Context, text :Text, hasText :Bool) -> (result :Text, hasResult :Bool);
    change @5 (context :Proxy.Context, text :Text, hasText :Bool) -> (text :Text, hasText :Bool);
    share @6 (context :Proxy.Context, item :Item, hasItem :Bool) -> (result :Item, hasResult :Bool);
    give @7 (context :Proxy.Context, item :Item, hasItem :Bool) -> (result :Item, hasResult :Bool);
    call @8 (context :Proxy.Context, fn :Function, hasFn :Bool) -> (result :Int32);
    passNote @9 (context :Proxy.Context, note :Note, hasNote :Bool) -> (result :Note, hasResult :Bool);
}

interface Item $Proxy.wrap("types::PresentItem") {
    destroy @0 (context :Proxy.Context) -> ();
    number @1 (context :Proxy.Context) -> (result :Int32);
}

interface Function $Proxy.wrap("ProxyCallback<std::function<int32_t()>>") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context) -> (result :Int32);
}

struct Note {
    text @0 :Text;
}
