# What the client and server made with the library exchange.
@0x98363e0fb9bdaf5d;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bench::messages");
$Proxy.include("service.h");
$Proxy.includeTypes("service-types.h");

interface Service $Proxy.wrap("bench::Service") {
  construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
  addOnLoop @1 (a :Int32, b :Int32) -> (result :Int32);
  addOnWorker @2 (context :Proxy.Context, a :Int32, b :Int32) -> (result :Int32);
  addByCallback @3 (context :Proxy.Context, adder :Adder, a :Int32, b :Int32) -> (result :Int32);
  echoRecord @4 (context :Proxy.Context, record :Record) -> (result :Record);
  echoBytes @5 (context :Proxy.Context, bytes :Data) -> (result :Data);
  waitCancelled @6 (context :Proxy.Context) -> ();
}

interface Adder $Proxy.wrap("bench::Adder") {
  add @0 (context :Proxy.Context, a :Int32, b :Int32) -> (result :Int32);
}

struct Record $Proxy.wrap("bench::Record") {
  text @0 :Text;
  numbers @1 :List(Int64);
}
