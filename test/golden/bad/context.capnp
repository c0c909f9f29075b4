# error: context.capnp: I.out.results.context: a Context can't be a result
# error: context.capnp: I.both.params.context: a Context can't be a result
# error: context.capnp: I.two.params.other: there is a Context already, context
# error: context.capnp: I.counted.params.context: a Context stands for no C++ argument
# error: context.capnp: I.pooled: $pool is for methods without a Context, which says where they run
@0xf1a3b5c7d9e0b201;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

interface I $Proxy.wrap("I") {
    out @0 () -> (context :Proxy.Context);
    both @1 (context :Proxy.Context) -> (context :Proxy.Context);
    two @2 (context :Proxy.Context, other :Proxy.Context) -> ();
    counted @3 (context :Proxy.Context $Proxy.count(1)) -> ();
    pooled @4 (context :Proxy.Context) -> () $Proxy.pool;
}
