@0xd7e8f90a1b2c3d4e;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("messages");
$Proxy.include("counter.h");
$Proxy.includeTypes("counter-types.h");

interface Counter $Proxy.wrap("Counter") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    add @1 (context :Proxy.Context, n :Int32) -> (result :Int64);
    each @2 (context :Proxy.Context, fn :EachFn) -> ();
}

interface EachFn $Proxy.wrap("ProxyCallback<std::function<bool(int)>>") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, n :Int32) -> (result :Bool);
}
