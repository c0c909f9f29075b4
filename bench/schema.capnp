# What the plain Cap'n Proto client and server exchange.
@0x8c8215ad5971488d;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("bench::schema");

interface Plain {
  add @0 (a :Int32, b :Int32) -> (result :Int32);
  echo @1 (data :Data) -> (result :Data);
}
