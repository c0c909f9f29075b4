# Every mapping between C++ and Cap'n Proto types, in 25 methods: what compiling generated code costs.

@0xa5d7e3c1b9f08264;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("compile::messages");
$Proxy.include("every.h");
$Proxy.includeTypes("every-types.h");

interface Every $Proxy.wrap("compile::Every") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    destroy @1 (context :Proxy.Context) -> ();

    passIntegers @2 (context :Proxy.Context, int8 :Int8, int16 :Int16, int32 :Int32, int64 :Int64, uint32 :UInt32)
        -> (result :Int64, sum :UInt64);
    passReals @3 (context :Proxy.Context, float32 :Float32, float64 :Float64, flag :Bool) -> (result :Float64);
    passEnum @4 (context :Proxy.Context, color :Int32, shade :Shade) -> (result :Int32);
    passTimes @5 (context :Proxy.Context, duration :Int64, point :Int64) -> (result :Float64);
    passText @6 (context :Proxy.Context, text :Text, view :Text) -> (result :Text);
    passBytes @7 (context :Proxy.Context, data :Data, span :Data) -> (result :Data);
    passArrays @8 (context :Proxy.Context, hash :Hash, array :List(Int32)) -> (result :Hash);
    passOptionals @9 (context :Proxy.Context, number :Int32, hasNumber :Bool, text :Text)
        -> (result :Int32, hasResult :Bool);
    passShared @10 (context :Proxy.Context, text :Text, item :Item) -> (result :Item);
    passPointers @11 (context :Proxy.Context, wantSize :Bool, wantItem :Bool)
        -> (result :Bool, size :Int32, item :Item);
    passVector @12 (context :Proxy.Context, items :List(Item), lists :List(List(Int32))) -> (result :List(Item));
    passBits @13 (context :Proxy.Context, bits :List(Bool), texts :List(Text)) -> (result :List(Bool));
    passSets @14 (context :Proxy.Context, ordered :List(Text), hashed :List(Int32)) -> (result :List(Text));
    passMap @15 (context :Proxy.Context, map :List(Pair(Text, Item))) -> (result :List(Pair(Text, Item)));
    passPair @16 (context :Proxy.Context, pair :NumberText) -> (result :NumberText);
    passTuple @17 (context :Proxy.Context, tuple :NumberText) -> (result :NumberText);
    passVariant @18 (context :Proxy.Context, choice :Choice) -> (result :Choice);
    passStruct @19 (context :Proxy.Context, tree :Tree) -> (result :Tree);
    updateStruct @20 (context :Proxy.Context, item :Item) -> (item :Item, result :Bool);
    passMessage @21 (context :Proxy.Context, message :Message) -> (result :Message);
    solve @22 (context :Proxy.Context, equation :Text)
        -> (failure :Failure $Proxy.exception("compile::Failure"), error :Text $Proxy.exception("std::exception"),
            result :Float64);
    lend @23 (context :Proxy.Context, listener :Listener) -> (result :Int32);
    give @24 (context :Proxy.Context, listener :Listener) -> (result :Listener);
    share @25 (context :Proxy.Context, listener :Listener, nothing :Void) -> (result :List(Listener));
    passFunction @26 (context :Proxy.Context, fn :Function) -> (result :Int32);
}

interface Listener $Proxy.wrap("compile::Listener") {
    destroy @0 (context :Proxy.Context) -> ();
    notify @1 (context :Proxy.Context, number :Int32) -> (result :Int32);
}

interface Function $Proxy.wrap("ProxyCallback<std::function<int32_t(int32_t, const std::string&)>>") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, number :Int32, text :Text) -> (result :Int32);
}

enum Shade {
    dark @0;
    light @1;
}

struct Hash $Proxy.wrap("compile::Hash") {
    bytes @0 :Data;
}

struct Item $Proxy.wrap("compile::Item") {
    number @0 :Int32;
    text @1 :Text;
    weight @2 :Int32;
    hasWeight @3 :Bool;
    data @4 :Data;
}

struct Tree $Proxy.wrap("compile::Tree") {
    name @0 :Text;
    items @1 :List(Item);
    color @2 :Int32;
    sizes @3 :List(Size);
    parent @4 :Item;
}

struct Size {
    name @0 :Text;
    size @1 :Int64;
}

struct Failure $Proxy.wrap("compile::Failure") {
    text @0 :Text;
    position @1 :Int32;
}

struct Message {
    trace @0 :Text;
}

struct NumberText {
    number @0 :Int32;
    text @1 :Text;
}

struct Choice {
    union {
        number @0 :Int32;
        text @1 :Text;
        item @2 :Item;
        none @3 :Void;
    }
}

struct Pair(Key, Value) {
    key @0 :Key;
    value @1 :Value;
}
