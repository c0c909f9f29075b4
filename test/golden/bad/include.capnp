# error: include.capnp: empty $include
# error: include.capnp: $include is not the name of a header
# error: include.capnp: empty $includeTypes
@0xf1a3b5c7d9e0b207;
using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
$Cxx.namespace("bad");

$Proxy.include("");
$Proxy.include("a.h\"\n#error");
$Proxy.includeTypes("");
