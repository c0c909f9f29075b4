# error: params.capnp: I.exception.params.a: $exception is for results only
# error: params.capnp: I.negative.params.a: $count(-1) is out of range
# error: params.capnp: I.differs.params.a: $count differs between parameter (2) and result (3)
# error: params.capnp: I.companion.params.a: hasA is missing in the results
# error: params.capnp: I.number.results.e: an exception needs a type that can be absent, such as Text or a struct
# error: params.capnp: I.several.results.result: the result can't stand for several C++ values
# error: params.capnp: I.empty.results.e: $exception names no class
# error: params.capnp: I.both.params.e: a parameter and an exception have the same name
# error: params.capnp: I.text.results.e: $exception is not the name of a class
# error: params.capnp: I.same.params.a0: two C++ parameters are called a0
# error: params.capnp: I.many.params.a: $count(101) is out of range
@0xf1a3b5c7d9e0b203;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

interface I $Proxy.wrap("I") {
    exception @0 (a :Text $Proxy.exception("E")) -> ();
    negative @1 (a :Int32 $Proxy.count(-1)) -> ();
    differs @2 (a :Int32 $Proxy.count(2)) -> (a :Int32 $Proxy.count(3));
    companion @3 (a :Int32, hasA :Bool) -> (a :Int32);
    number @4 () -> (e :Int32 $Proxy.exception("E"));
    several @5 () -> (result :Int32 $Proxy.count(2));
    empty @6 () -> (e :Text $Proxy.exception(""));
    both @7 (e :Text) -> (e :Text $Proxy.exception("E"));
    text @8 () -> (e :Text $Proxy.exception("E; int x"));
    same @9 (a :Int32 $Proxy.count(2), a0 :Int32) -> ();
    many @10 (a :Int32 $Proxy.count(101)) -> ();
}
