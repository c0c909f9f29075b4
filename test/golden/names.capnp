@0xb7c3d9e0a1f25468;
# No namespace; declarations inside others; keywords; names that differ between schema and C++.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Proxy.include("names.h");
$Proxy.includeTypes("names-types.h");

const answer :Int32 = 42;

annotation mark(struct) :Text;

interface Names $Proxy.wrap("GlobalNames") {
    delete @0 (class :Int32, plain :Int32) -> (result :Int32);
    callIt @1 (nested :Nested) -> (result :Nested) $Proxy.name("renamed") $Cxx.name("callThat");

    struct Nested $Proxy.wrap("GlobalNested") {
        value @0 :Text $Proxy.name("value_");
        default @1 :Int32;
        other @2 :Int32 $Proxy.name("renamed") $Cxx.name("another");
    }

    interface Inner $Proxy.wrap("GlobalInner") {
        inner @0 ();
    }
}

interface NotWrapped {
    anything @0 (a :AnyPointer) -> stream;
}

struct Shapes {
    # Not wrapped, so anything goes.
    union {
        circle @0 :Float64;
        square @1 :Float64;
        none @2 :Void;
    }
    position :group {
        x @3 :Int32;
        y @4 :Int32;
    }
    extra :union {
        text @5 :Text;
        list @6 :List(List(UInt8));
    }
    color @7 :Color = blue;
    any @8 :AnyPointer;
}

enum Color {
    red @0;
    blue @1;
}

struct Outer(T) {
    value @0 :T;
    struct Inner {
        value @0 :T;
    }
    inner @1 :Inner;
}
