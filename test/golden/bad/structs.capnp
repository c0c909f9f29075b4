# error: structs.capnp: S.a: $name("1a") is not a C++ identifier
# error: structs.capnp: S.position: a group or a named union has no C++ mapping: give it $skip
# error: structs.capnp: G: a generic type, or one inside a generic type, can't have $wrap
# error: structs.capnp: H.Inner: a generic type, or one inside a generic type, can't have $wrap
@0xf1a3b5c7d9e0b205;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

struct S $Proxy.wrap("S") {
    a @0 :Int32 $Proxy.name("1a");
    position :group {
        x @1 :Int32;
        y @2 :Int32;
    }
}
struct G(T) $Proxy.wrap("G") { a @0 :T; }
struct H(T) {
    a @0 :T;
    struct Inner $Proxy.wrap("Inner") { a @0 :T; }
}
