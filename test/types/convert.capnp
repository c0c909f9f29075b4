# Fields of every kind, for conversions without a call.

@0x9be4c2a7d1f35806;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("types::messages");
$Proxy.include("types/convert.h");
$Proxy.includeTypes("types/convert-types.h");

interface Nothing $Proxy.wrap("types::Nothing") {
}

struct Fields {
    int8 @0 :Int8;
    int16 @1 :Int16;
    int32 @2 :Int32;
    int64 @3 :Int64;
    uInt8 @4 :UInt8;
    uInt16 @5 :UInt16;
    uInt32 @6 :UInt32;
    uInt64 @7 :UInt64;
    float32 @8 :Float32;
    float64 @9 :Float64;
    bool @10 :Bool;
    color @11 :Color;
    nothing @12 :Void;
    text @13 :Text;
    data @14 :Data;
    maybe @15 :Int32;
    hasMaybe @16 :Bool;
    maybeText @17 :Text;
    hasMaybeText @18 :Bool;
    numbers @19 :List(Int32);
    bits @20 :List(Bool);
    texts @21 :List(Text);
    datas @22 :List(Data);
    lists @23 :List(List(Int32));
    pair @24 :NumberText;
    pairs @25 :List(NumberText);
    gaps @26 :Gaps;
    generic @27 :Pair(Text, NumberText);
    point @28 :Point;
    points @29 :List(Point);
    empty @30 :Empty;
    tree @31 :Tree;
    choice @32 :Choice;
    bytes @33 :List(Int8);
    colors @34 :List(Color);
    reals @35 :List(Float64);
}

enum Color {
    red @0;
    blue @1;
}

struct NumberText {
    number @0 :Int32;
    text @1 :Text;
}

struct Gaps {
    skipped @0 :Data $Proxy.skip;
    second @2 :Text;
    first @1 :Int32;
    last @3 :Bool;
}

struct Pair(Key, Value) {
    key @0 :Key;
    value @1 :Value;
}

struct Point $Proxy.wrap("types::Point") {
    x @0 :Int32;
    label @1 :Text;
    weight @2 :Float64;
    hasWeight @3 :Bool;
    internal @4 :Text $Proxy.skip;
    tags @5 :List(Text);
    origin @6 :Color $Proxy.name("from");
}

struct Empty $Proxy.wrap("types::Empty") {
}

struct Tree $Proxy.wrap("types::Tree") {
    name @0 :Text;
    children @1 :List(Tree);
}

struct Choice {
    union {
        point @0 :Point;
        numbers @1 :List(Int32);
        color @2 :Color;
        pair @3 :NumberText;
    }
}
