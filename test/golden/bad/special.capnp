# error: special.capnp: I.construct: $pool: construct runs on the event loop
# error: special.capnp: I.construct: construct is not a C++ method: it can't have C++ arguments, results or exceptions
# error: special.capnp: I.destroy: destroy is not a C++ method: it can't have C++ arguments, results or exceptions
# error: special.capnp: I.destroy: $name has no meaning here
@0xf1a3b5c7d9e0b204;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

interface I $Proxy.wrap("I") {
    construct @0 (a :Int32) -> () $Proxy.pool;
    destroy @1 (context :Proxy.Context) -> (result :Int32) $Proxy.name("finish");
}
