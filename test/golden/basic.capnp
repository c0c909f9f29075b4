# What most interfaces use.

@0xd2f1a6c0e4b83957;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("golden::messages");
$Proxy.include("basic.h");
$Proxy.includeTypes("basic-types.h");

interface Init $Proxy.wrap("golden::Basic") {
    # First object of a connection.
    #
    # Its methods run on threads, \
    # or on the loop.

    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);

    destroy @1 (context :Proxy.Context) -> ();

    add @2 (context :Proxy.Context, a :Int32, b :Int32 = 42) -> (result :Int32);
    # Add two numbers.

    addOut @3 (context :Proxy.Context, a :Int32, b :Int32) -> (sum :Int32);
    addInOut @4 (a :Int32, sum :Int32) -> (sum :Int32);
    half @5 (value :Int32, hasValue :Bool) -> (result :Int32, hasResult :Bool);
    want @6 (name :Text, wantSize :Bool, wantText :Bool) -> (size :Int32, text :Text);
    passItem @7 (item :Item) -> (result :Item);
    passMap @8 (map :List(TextNumber)) -> (result :List(TextNumber));
    solve @9 (context :Proxy.Context, equation :Text)
        -> (failure :Failure $Proxy.exception("golden::Failure"), error :Text $Proxy.exception("std::exception"),
            result :Float64);
    lend @10 (context :Proxy.Context, callback :Callback) -> ();
    give @11 (context :Proxy.Context, callback :Callback) -> (result :Callback);
    share @12 (context :Proxy.Context, callback :Callback) -> ();
    passFn @13 (context :Proxy.Context, fn :Function) -> (result :Int32);
    ready @14 () -> (result :Bool);
    size @15 () -> (result :Int32);
    ordered @16 (in :Int32) -> (result :Text, reason :Text);
    args @17 (context :Proxy.Context, args :List(Text) $Proxy.count(2)) -> ();
    nothing @18 () -> ();
    pooled @19 (text :Text) -> (result :Text) $Proxy.pool;
}

interface Callback $Proxy.wrap("golden::Callback") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

interface Function $Proxy.wrap("ProxyCallback<std::function<int32_t(int32_t)>>") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

struct Item $Proxy.wrap("golden::Item") {
    # A thing.

    number @0 :Int32;
    text @1 :Text;
    weight @2 :Int32;
    hasWeight @3 :Bool;
    unknown @4 :Data $Proxy.skip;
    # The C++ class knows nothing of it.
    bits @5 :List(Bool);
}

struct Failure $Proxy.wrap("golden::Failure") {
    text @0 :Text;
    position @1 :Int32;
}

struct Pair(Key, Value) {
    key @0 :Key;
    value @1 :Value;
}

struct TextNumber {
    text @0 :Text;
    number @1 :Int32;
}
