@0x907a4655db51e03c;
# What several of the schemas here use.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("harbor::ipc::messages");
$Proxy.include("core/interfaces.h");
$Proxy.includeTypes("ipc/common-types.h");

struct GlobalOptions $Proxy.count(0) {
    # Comes from the caller's process, not from its arguments.
    network @0 :Text;
    quiet @1 :Bool;
}

struct Notice $Proxy.wrap("harbor::Notice") {
    original @0 :Text;
    translated @1 :Text;
}

struct Outcome(Value) {
    value @0 :Value;
    error @1 :Notice;
}

struct TonsOutcome {
    value @0 :Int64;
    error @1 :Notice;
}

struct Pair(First, Second) {
    first @0 :First;
    second @1 :Second;
}

struct Cargo $Proxy.wrap("harbor::Cargo") {
    label @0 :Text;
    weight @1 :Int64;
    grade @2 :Int32;
    hasGrade @3 :Bool;
    marks @4 :List(Pair(Text, Text));
    berth @5 :Data;
    sealed @6 :Bool $Proxy.skip;
}
