# What a peer may send that the C++ types don't hold.

@0xc6f2b8d0e3a17594;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("types::messages");
$Proxy.include("types/input.h");
$Proxy.includeTypes("types/input-types.h");

interface Input $Proxy.wrap("types::Input") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    small @1 (number :Int64) -> (result :Int64);
    fixed @2 (bytes :Data) -> (result :UInt32);
    shade @3 (shade :Int32) -> (result :Int32);
    text @4 (text :Text) -> (result :Text);
    numbers @5 (numbers :List(Int32)) -> (result :List(Int32));
    spots @6 (spots :List(Spot)) -> (result :List(Spot));
    spot @7 (spot :Spot) -> (result :Spot);
    size @8 (bytes :Data) -> (result :UInt64);
    make @9 (size :UInt64) -> (result :Data);
    depth @10 (nest :Nest) -> (result :Int32);
    nest @11 (depth :Int32) -> (result :Nest);
    own @12 (context :Proxy.Context, thing :Thing) -> (result :Text);
    share @13 (context :Proxy.Context, thing :Thing) -> (result :Text);
    lend @14 (context :Proxy.Context, thing :Thing) -> (result :Text);
    all @15 (context :Proxy.Context, things :List(Thing)) -> (result :Text);
}

interface Thing $Proxy.wrap("types::Thing") {
    name @0 (context :Proxy.Context) -> (result :Text);
}

struct Spot $Proxy.wrap("types::Spot") {
    x @0 :Int16;
    label @1 :Text;
}

struct Nest $Proxy.wrap("types::Nest") {
    inner @0 :Nest;
}
