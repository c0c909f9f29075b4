# Conversions that an application writes itself, in each of the ways that the library knows.

@0xe1c5a8f2b7d46093;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("app::messages");
$Proxy.include("types/hooks.h");
$Proxy.includeTypes("types/hooks-types.h");

interface Hooks $Proxy.wrap("app::Hooks") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    passIds @1 (context :Proxy.Context, ids :List(Data)) -> (result :List(Data));
    passPlace @2 (context :Proxy.Context, place :Text) -> (result :Text);
    passLevel @3 (context :Proxy.Context, level :Int32) -> (result :Int32);
    passBlob @4 (context :Proxy.Context, blob :Data) -> (result :Data);
    passRing @5 (context :Proxy.Context, ring :List(Int32)) -> (result :List(Int32));
    passTable @6 (context :Proxy.Context, table :List(Text)) -> (result :List(Text));
    passSettings @7 (context :Proxy.Context, settings :Settings) -> (result :Settings);
    passHidden @8 (context :Proxy.Context, id :Data) -> (result :Data);
    findBlock @9 (context :Proxy.Context, block :FoundBlockParam) -> (result :Bool, block :FoundBlockResult);
    readNote @10 (context :Proxy.Context, note :Note) -> (result :Text);
    writeNote @11 (context :Proxy.Context) -> (note :Note);
    check @12 (context :Proxy.Context, code :Int32)
        -> (refusal :Note $Proxy.exception("app::Refusal"), result :Int32);
    start @13 (context :Proxy.Context, scheduler :Void, delay :Int32) -> (result :Int32);
    command @14 (context :Proxy.Context, command :Note, timer :Text) -> (result :Text);
    main @15 (context :Proxy.Context, globals :Globals, args :List(Text) $Proxy.count(2)) -> (result :Text);
    selfMade @16 (context :Proxy.Context, skipped :Text) -> (result :Text);
    otherSignature @17 (context :Proxy.Context, text :Text) -> (result :Int32);
    makeNode @18 (context :Proxy.Context, node :Node) -> (result :Node);
    exchange @19 (context :Proxy.Context, extra :Extra) -> (extra :Extra, result :Int32);
}

interface Node $Proxy.wrap("app::Node") {
    destroy @0 (context :Proxy.Context) -> ();
    name @1 (context :Proxy.Context) -> (result :Text);
}

struct Note {
    text @0 :Text;
}

struct Globals $Proxy.count(0) {
    level @0 :Int32;
}

struct Extra $Proxy.count(0) {
    number @0 :Int32;
}

struct FoundBlockParam {
    wantHash @0 :Bool;
    height @1 :Int32;
}

struct FoundBlockResult {
    hash @0 :Text;
    found @1 :Bool;
}

struct Settings $Proxy.wrap("app::Settings") {
    name @0 :Text;
    limit @1 :Int32;
    secret @2 :Text $Proxy.skip;
}
