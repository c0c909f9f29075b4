@0xd795f8f82019d83b;
# The port, with what it lends and gets.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Books = import "books.capnp";
using Common = import "common.capnp";
using Handler = import "handler.capnp";

$Cxx.namespace("harbor::ipc::messages");
$Proxy.include("core/interfaces.h");
$Proxy.include("ipc/port-hooks.h");
$Proxy.includeTypes("ipc/port-types.h");

interface Port $Proxy.wrap("harbor::Port") {
    destroy @0 (context :Proxy.Context) -> ();
    configure @1 (argv :List(Text) $Proxy.count(2)) -> (error :Text, result :Bool);
    open @2 (context :Proxy.Context, options :Common.GlobalOptions) -> ();
    network @3 (context :Proxy.Context) -> (result :Text);
    document @4 (context :Proxy.Context) -> (result :Text);
    setDocument @5 (context :Proxy.Context, document :Text) -> ();
    land @6 (context :Proxy.Context, cargo :Common.Cargo, priority :Int32, hasPriority :Bool, wantWhy :Bool)
        -> (why :Text, result :Bool);
    findCargo @7 (context :Proxy.Context, label :Text, found :FoundCargoParam)
        -> (found :FoundCargoResult, result :Bool);
    sign @8 (context :Proxy.Context, journal :Journal, copy :Journal) -> (copy :Journal, result :Journal);
    seal @9 (context :Proxy.Context, shipment :Common.Cargo) -> (result :Common.Cargo);
    manifests @10 (context :Proxy.Context) -> (result :List(Data));
    manifest @11 (context :Proxy.Context, ship :Text) -> (result :Data);
    assign @12 (context :Proxy.Context, wish :Data, tide :Int32) -> (result :Data);
    berths @13 (context :Proxy.Context, known :List(Data)) -> (result :List(Data));
    sorted @14 (berths :List(Data)) -> (result :List(Data));
    dictate @15 (context :Proxy.Context, draft :Text) -> (result :Text);
    busiest @16 () -> (result :TextAndCount);
    delay @17 (plus :Int64) -> (result :Int64);
    execute @18 (context :Proxy.Context, name :Text, args :Text)
        -> (error :Text $Proxy.exception("std::exception"),
            usage :UsageError $Proxy.exception("harbor::UsageError"),
            result :Text);
    addCommand @19 (context :Proxy.Context, command :Command) -> (result :Handler.Handler);
    watch @20 (context :Proxy.Context, watcher :Watcher) -> (result :Handler.Handler);
    setBell @21 (context :Proxy.Context, bell :Bell) -> ();
    ringBell @22 (context :Proxy.Context, times :Int32) -> (result :Text);
    holds @23 (context :Proxy.Context) -> (result :List(Hold));
    inspect @24 (context :Proxy.Context, hold :Hold) -> (result :Text);
    waitForShip @25 (context :Proxy.Context) -> (result :Int32);
    interrupt @26 (context :Proxy.Context) -> ();
    customBooks @27 (context :Proxy.Context) -> (result :Books.Books) $Proxy.name("books");
    sink @28 (context :Proxy.Context) -> ();
    forecast @29 (context :Proxy.Context) -> (weather :Weather);
}

interface Watcher $Proxy.wrap("harbor::Watcher") {
    destroy @0 (context :Proxy.Context) -> ();
    landed @1 (context :Proxy.Context, cargo :Common.Cargo, count :UInt32) -> ();
    closing @2 (context :Proxy.Context, why :Text) -> ();
}

interface Bell $Proxy.wrap("harbor::Bell") {
    ring @0 (context :Proxy.Context, times :Int32) -> (result :Text);
}

interface Hold $Proxy.wrap("harbor::Hold") {
    destroy @0 (context :Proxy.Context) -> ();
    label @1 (context :Proxy.Context) -> (result :Text);
}

struct Command {
    name @0 :Text;
    action @1 :ActionCallback;
}

interface ActionCallback
    $Proxy.wrap("ProxyCallback<std::function<std::string(const harbor::Document&)>>") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, args :Text)
        -> (error :Text $Proxy.exception("std::exception"), result :Text);
}

struct UsageError $Proxy.wrap("harbor::UsageError") {
    usage @0 :Text;
    exitCode @1 :Int32 $Proxy.name("exit_code");
}

struct Weather $Proxy.count(0) {
    # Goes from the server's process into the client's, without the method's doing.
    wind @0 :Int32;
}

struct Journal {
    text @0 :Text;
}

struct TextAndCount {
    text @0 :Text;
    count @1 :Int32;
}

struct FoundCargoParam {
    wantWeight @0 :Bool;
    wantLabel @1 :Bool;
    next @2 :FoundCargoParam;
}

struct FoundCargoResult {
    weight @0 :Int64;
    label @1 :Text;
    next @2 :FoundCargoResult;
    found @3 :Bool;
}
