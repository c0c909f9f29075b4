# error: methods.capnp: I.stream: "-> stream" has no C++ mapping
# error: methods.capnp: I.generic: a generic method has no C++ mapping
# error: methods.capnp: I.named: takes struct P as its parameters: give it a parameter list of its own
# error: methods.capnp: I.bad: $name("not a name") is not a C++ identifier
# error: methods.capnp: I.keyword: $name("class") is not a C++ identifier
@0xf1a3b5c7d9e0b202;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

struct P { a @0 :Int32; }
interface I $Proxy.wrap("I") {
    stream @0 (a :Int32) -> stream;
    generic @1 [T] (a :T) -> ();
    named @2 P -> ();
    bad @3 () -> () $Proxy.name("not a name");
    keyword @4 () -> () $Proxy.name("class");
}
