# What the tests' clients and servers exchange.

@0xb3e1d2c4f5a69788;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("mp::test::messages");
$Proxy.include("rpc/support/service.h");
$Proxy.includeTypes("rpc/support/service-types.h");

interface Service $Proxy.wrap("mp::test::Service") {
    # First object of a connection.

    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    add @1 (a :Int32, b :Int32) -> (result :Int32);
    addOnWorker @2 (context :Proxy.Context, a :Int32, b :Int32) -> (result :Int32);
    run @3 (context :Proxy.Context, what :Text) -> (result :Text);
    # Calls a hook on a worker.
    runOnLoop @4 (what :Text) -> (result :Text);
    # Calls a hook on the event loop.
    lend @5 (context :Proxy.Context, callback :Callback, arg :Int32) -> (result :Int32);
    give @6 (context :Proxy.Context, callback :Callback, arg :Int32) -> (result :Int32);
    share @7 (context :Proxy.Context, callback :Callback) -> ();
    callShared @8 (context :Proxy.Context, arg :Int32) -> (result :Int32);
    callFn @9 (context :Proxy.Context, fn :Function, arg :Int32) -> (result :Int32);
    fail @10 (context :Proxy.Context, text :Text, declared :Bool)
        -> (failure :Failure $Proxy.exception("mp::test::Failure"),
            error :Text $Proxy.exception("std::exception"));
    echo @11 (context :Proxy.Context, bytes :Data) -> (result :Data);
    makeCounter @12 (context :Proxy.Context) -> (result :Counter);
    makeAccount @13 (context :Proxy.Context) -> (result :Account);
    narrow @14 (value :Int64) -> ();
    runInPool @15 (what :Text) -> (result :Text) $Proxy.pool;
    # Calls the hook of "run".
    lendInPool @16 (callback :Callback, arg :Int32) -> (result :Int32) $Proxy.pool;
}

interface Callback $Proxy.wrap("mp::test::Callback") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

interface Function $Proxy.wrap("ProxyCallback<std::function<int32_t(int32_t)>>") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

interface Counter $Proxy.wrap("mp::test::Counter") {
    # Has no "destroy".
    next @0 () -> (result :Int32);
}

interface Account $Proxy.wrap("mp::test::Account") {
    destroy @0 (context :Proxy.Context) -> ();
    next @1 () -> (result :Int32);
}

struct Failure $Proxy.wrap("mp::test::Failure") {
    text @0 :Text;
    position @1 :Int32;
}
