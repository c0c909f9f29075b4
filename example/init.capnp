@0x8b8c6cb3f2a7d4e5;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";
using Calculator = import "calculator.capnp";
using Printer = import "printer.capnp";

$Cxx.namespace("messages");
$Proxy.include("init.h");
$Proxy.includeTypes("types.h");

interface Init $Proxy.wrap("Init") {
    # First object of each child: makes the others.

    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);
    makeCalculator @1 (context :Proxy.Context, printer :Printer.Printer) -> (result :Calculator.Calculator);
    makePrinter @2 (context :Proxy.Context) -> (result :Printer.Printer);
}
