# error: Invoking 
@0xf1a3b5c7d9e0b208;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

interface I $Proxy.wrap("I") { foo @0 (a :Missing) -> (); }
