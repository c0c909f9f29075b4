# error: context.capnp: I.late.params.context: the Context must be the first parameter
# error: context.capnp: I.out.results.context: a Context can't be a result
@0xf1a3b5c7d9e0b201;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

interface I $Proxy.wrap("I") {
    late @0 (a :Int32, context :Proxy.Context) -> ();
    out @1 () -> (context :Proxy.Context);
}
