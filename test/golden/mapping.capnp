@0xd4f0b6a2c8e13957;
# How fields become parameters, results and exceptions.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("golden::mapping");
$Proxy.include("mapping.h");
$Proxy.includeTypes("mapping-types.h");

interface Mapping $Proxy.wrap("golden::Mapping") {
    giveThreads @0 (threadMap :Proxy.ThreadMap) -> ();
    takeThreads @1 () -> (threadMap :Proxy.ThreadMap);

    late @2 (a :Int32, context :Proxy.Context, b :Int32) -> (result :Int32);
    # The Context isn't the first.

    keywords @3 (concept :Int32, requires :Int32, class :Int32, std :Int32) -> (result :Int32, new :Int32);

    named @4 (a :Int32) -> Answer;
    # Results that are a struct of the schema.

    throwing @5 (kind :Int32)
        -> (result :Int32, any :Text $Proxy.exception("std::exception"), odd :Text $Proxy.exception("golden::Odd"));
    # Exceptions declared after the result. The later one is tried first.

    catching @6 (kind :Int32)
        -> (odd :Text $Proxy.exception("golden::Odd"), any :Text $Proxy.exception("std::exception"), result :Int32);

    point @7 (context :Proxy.Context, point :Point, third :Int32) -> (result :Int32);
    # A struct that stands for two parameters.

    settings @8 (context :Proxy.Context, settings :Settings) -> (result :Int32);
    # A struct that stands for none.

    optionalOut @9 (in :Int32, hasIn :Bool) -> (out :Int32, hasOut :Bool);
    optionalInOut @10 (value :Int32, hasValue :Bool) -> (value :Int32, hasValue :Bool);
    optionalText @11 (text :Text, hasText :Bool) -> (result :Text, hasResult :Bool);
    wantIn @12 (value :Int32, wantValue :Bool) -> (result :Int32);
    wantInOut @13 (value :Int32, wantValue :Bool) -> (value :Int32, result :Int32);
    wantOptional @14 (wantValue :Bool) -> (value :Int32, hasValue :Bool, result :Bool);
    unasked @15 () -> (value :Int32);
    # The C++ parameter is a pointer, and the server always gets one.

    options @16 (options :Options) -> (result :Options);
    onlyMoved @17 (number :Int32) -> (moved :Int32, result :Int32);
    later @18 (context :Proxy.Context, callback :Callback) -> ();
}

interface Callback $Proxy.wrap("golden::MappingCallback") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, arg :Int32) -> (result :Int32);
}

struct Answer {
    result @0 :Int32;
    reason @1 :Text;
}

struct Point $Proxy.count(2) {
    x @0 :Int32;
    y @1 :Int32;
}

struct Settings $Proxy.count(0) {
    level @0 :Int32;
}

struct Options $Proxy.wrap("golden::Options") {
    # In structs a field wantX is a field like others.

    hash @0 :Int32;
    wantHash @1 :Bool;
    position :group $Proxy.skip {
        x @2 :Int32;
        y @3 :Int32;
    }
    union {
        number @4 :Int32;
        flag @5 :Bool $Proxy.skip;
    }
}
