# Each kind of value, and the hooks that applications write.

@0xa8f1d3e5b7c90246;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("golden::messages");
$Proxy.include("values.h");
$Proxy.includeTypes("values-types.h");

interface Values $Proxy.wrap("golden::Values") {
    passEnum @0 (color :Int32) -> (result :Int32);
    passData @1 (data :Data) -> (result :Data);
    passBytes @2 (data :Data) -> (result :Data);
    passArray @3 (array :Array) -> (result :Array);
    passSet @4 (set :List(Text)) -> (result :List(Text));
    passHashed @5 (set :List(Int32)) -> (result :List(Int32));
    passMap @6 (map :List(Pair(Text, Text))) -> (result :List(Pair(Text, Text)));
    passPair @7 (pair :NumberText) -> (result :NumberText);
    passTuple @8 (tuple :NumberText) -> (result :NumberText);
    passTime @9 (time :Int64) -> (result :Int64);
    passShared @10 (text :Text) -> (result :Text);
    passList @11 (list :List(Data)) -> (result :List(Data));
    passOptional @12 (text :Text) -> (result :Text);
    passEmpty @13 (empty :Empty) -> (result :Empty);
    passCustom @14 (custom :Custom) -> (result :Custom);
    passMessage @15 (message :Traced) -> (result :Traced);
    passMutable @16 (value :Traced) -> (value :Traced);
    passSmall @17 (number :Int32) -> (result :Int32);
    passFixed @18 (fixed :Int32) -> (result :Int32);
    passNested @19 (lists :List(List(Int32))) -> (result :List(List(Int32)));
}

struct Array $Proxy.wrap("golden::Array") {
    bytes @0 :Data;
}

struct Empty $Proxy.wrap("golden::Empty") {
}

struct Custom $Proxy.wrap("golden::Custom") {
    text @0 :Text;
    number @1 :Int32;
}

struct NumberText {
    number @0 :Int32;
    text @1 :Text;
}

struct Traced {
    trace @0 :Text;
}

struct Pair(Key, Value) {
    key @0 :Key;
    value @1 :Value;
}
