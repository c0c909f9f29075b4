@0x9bc3892b21de1455;

using Cxx = import "/capnp/c++.capnp";
using Left = import "/left/item.capnp";
using Proxy = import "/mp/proxy.capnp";
using Right = import "/right/item.capnp";

$Cxx.namespace("messages");
$Proxy.include("init.h");
$Proxy.includeTypes("init-types.h");

interface Init $Proxy.wrap("Init") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    makeLeft @1 (context :Proxy.Context) -> (result :Left.Item);
    makeRight @2 (context :Proxy.Context) -> (result :Right.Item);
}
