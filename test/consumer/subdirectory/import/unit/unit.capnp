@0x9c0d1e2f3a4b5c6d;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("unit");

enum Unit {
    piece @0;
    box @1;
}
