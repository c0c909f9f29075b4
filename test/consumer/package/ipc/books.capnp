@0xb474ac38cfaaa77e;
# Books of a harbor.

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Common = import "common.capnp";
using Handler = import "handler.capnp";

$Cxx.namespace("harbor::ipc::messages");
$Proxy.include("core/interfaces.h");
$Proxy.include("ipc/books-hooks.h");
$Proxy.includeTypes("ipc/books-types.h");

interface Books $Proxy.wrap("harbor::Books") {
    destroy @0 (context :Proxy.Context) -> ();
    start @1 (context :Proxy.Context, scheduler :Void) -> ();
    record @2 (context :Proxy.Context, cargo :Common.Cargo) -> ();
    entries @3 (context :Proxy.Context) -> (result :List(Common.Cargo));
    weightOf @4 (context :Proxy.Context, label :Text) -> (result :Common.TonsOutcome);
    take @5 (context :Proxy.Context, label :Text) -> (result :Common.Outcome(Common.Cargo));
    onRecord @6 (context :Proxy.Context, fn :RecordCallback) -> (result :Handler.Handler);
    audit @7 (context :Proxy.Context) -> (result :Int64);
    processId @8 (context :Proxy.Context) -> (result :Int32);
}

interface RecordCallback
    $Proxy.wrap("ProxyCallback<std::function<void(const std::string&, harbor::Tons)>>") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, label :Text, weight :Int64) -> ();
}
