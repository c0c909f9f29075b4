@0xccf4d4be2b1dfccb;
# First object of each process.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Books = import "books.capnp";
using Common = import "common.capnp";
using Port = import "port.capnp";

$Cxx.namespace("harbor::ipc::messages");
$Proxy.include("core/interfaces.h");
$Proxy.includeTypes("ipc/init-types.h");

interface Init $Proxy.wrap("harbor::Init") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    makeEcho @1 (context :Proxy.Context) -> (result :Echo);
    makePort @2 (context :Proxy.Context, options :Common.GlobalOptions) -> (result :Port.Port);
    makeBooks @3 (context :Proxy.Context, options :Common.GlobalOptions, port :Port.Port) -> (result :Books.Books);
    listen @4 (context :Proxy.Context, path :Text) -> ();
}

interface Echo $Proxy.wrap("harbor::Echo") {
    destroy @0 (context :Proxy.Context) -> ();
    echo @1 (context :Proxy.Context, text :Text) -> (result :Text);
}
