# error: wraps.capnp: B: $wrap("Same") is given to another type too
# error: wraps.capnp: C: $wrap names no class
# error: wraps.capnp: D: $wrap is not the name of a class
# error: wraps.capnp: E: superclass F has no $wrap
# error: wraps.capnp: K: superclass L must be declared before it
# error: wraps.capnp: N.call: a superclass has a method of this name
# error: wraps.capnp: P: its superclasses M and O both have a method call
@0xf1a3b5c7d9e0b206;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

struct A $Proxy.wrap("Same") {}
struct B $Proxy.wrap("Same") {}
interface C $Proxy.wrap("") {}
interface D $Proxy.wrap("a; b") {}
interface F {}
interface E extends(F) $Proxy.wrap("E") {}
interface K extends(L) $Proxy.wrap("K") {}
interface L $Proxy.wrap("L") {}
interface M $Proxy.wrap("M") { call @0 (); }
interface N extends(M) $Proxy.wrap("N") { call @0 (); }
interface O $Proxy.wrap("O") { call @0 (); }
interface P extends(M, O) $Proxy.wrap("P") {}
