# What service.capnp has not: no "construct", threads exchanged by methods, derived interfaces, hooks that trace.

@0x9f2d7c61b3a8e054;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Service = import "service.capnp";

$Cxx.namespace("mp::test::messages");
$Proxy.include("rpc/support/probe.h");
$Proxy.include("rpc/support/service.capnp.proxy.h");
$Proxy.includeTypes("rpc/support/probe-types.h");

interface Probe $Proxy.wrap("mp::test::Probe") {
    exchangeThreads @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    giveThreads @1 (threadMap :Proxy.ThreadMap) -> ();
    takeThreads @2 () -> (threadMap :Proxy.ThreadMap);
    hold @3 (context :Proxy.Context, text :Text) -> (result :Text);
    # The C++ parameter is a view of the message.
    lendDerived @4 (context :Proxy.Context, callback :DerivedCallback, arg :Int32) -> (result :Int32);
    makeTool @5 () -> (result :Tool);
    trace @6 (first :Int32, second :Int32, third :Int32) -> (third :Int32, fourth :Int32, result :Int32);
    lendGuest @7 (context :Proxy.Context, guest :Guest) -> (result :Text);
    giveGuest @8 (context :Proxy.Context, first :Int32, guest :Guest) -> (result :Text);
    badge @9 (context :Proxy.Context, guest :Guest) -> (result :Text);
    sharedText @10 (context :Proxy.Context) -> (result :Text);
}

interface DerivedCallback extends(Service.Callback) $Proxy.wrap("mp::test::DerivedCallback") {
    callDerived @0 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

interface Guest $Proxy.wrap("mp::test::Guest") {
    construct @0 () -> ();
    name @1 (context :Proxy.Context) -> (result :Text);
    destroy @2 (context :Proxy.Context) -> ();
}

interface Tool $Proxy.wrap("mp::test::Tool") {
    destroy @0 () -> ();
    # On the event loop.
    use @1 (context :Proxy.Context) -> ();
    pin @2 (context :Proxy.Context) -> (result :Text);
}
