@0xf83ffd16ab38a283;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("messages");

struct Plain {
    number @0 :Int32 = 42;
}
