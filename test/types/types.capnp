# Every C++ type that travels, there and back.

@0xd2c7e4b1a09f8356;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("types::messages");
$Proxy.include("types/types.h");
$Proxy.includeTypes("types/types-types.h");

interface Types $Proxy.wrap("types::Types") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    array @1 (context :Proxy.Context, numbers :List(Int32), bytes :Data) -> (result :List(Int32));
    view @2 (context :Proxy.Context, text :Text, bytes :Data, more :Data) -> (result :Text);
    choose @3 (context :Proxy.Context, choice :Choice) -> (result :Choice);
    optionals @4 (context :Proxy.Context, texts :List(Text)) -> (result :List(Text));
    makeItems @5 (context :Proxy.Context, count :Int32) -> (result :List(Item));
    sumItems @6 (context :Proxy.Context, items :List(Item)) -> (result :Int32);
    triple @7 (context :Proxy.Context, triple :Triple) -> (result :Triple);
    swap @8 (context :Proxy.Context, items :List(Item)) -> (result :List(Item));
    threeTexts @9 (context :Proxy.Context, texts :List(Text)) -> (result :List(Text));
    nameItems @10 (context :Proxy.Context, items :List(NamedItem)) -> (result :List(NamedItem));
    maybeItems @11 (context :Proxy.Context, items :List(Item)) -> (result :List(Item));
    chooseItem @12 (context :Proxy.Context, choice :ItemOrText) -> (result :ItemOrText);
    box @13 (context :Proxy.Context, box :Box) -> (result :Box);
    apply @14 (context :Proxy.Context, fns :List(Function), arg :Int32) -> (result :Int32);
    refer @15 (context :Proxy.Context, fn :Function, shared :Item, lent :Item) -> (made :Item, result :Int32);
    change @16 (context :Proxy.Context, item :Item) -> (item :Item);
}

interface Item $Proxy.wrap("types::Item") {
    destroy @0 (context :Proxy.Context) -> ();
    number @1 (context :Proxy.Context) -> (result :Int32);
}

interface Function $Proxy.wrap("ProxyCallback<std::function<int32_t(int32_t)>>") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

struct NamedItem {
    name @0 :Text;
    item @1 :Item;
}

struct ItemOrText {
    union {
        item @0 :Item;
        text @1 :Text;
    }
}

struct Box $Proxy.wrap("types::Box") {
    label @0 :Text;
    item @1 :Item;
}

struct Choice {
    union {
        nothing @0 :Void;
        number @1 :Int32;
        text @2 :Text;
        shared @3 :Text;
    }
}

struct Triple {
    number @0 :Int32;
    text @1 :Text;
    flag @2 :Bool;
}
