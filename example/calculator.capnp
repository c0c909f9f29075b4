@0xf0be2ee2b7f0a5f1;

using Cxx = import "/capnp/c++.capnp";
using Proxy = import "/mp/proxy.capnp";

$Cxx.namespace("messages");
$Proxy.include("calculator.h");
$Proxy.includeTypes("types.h");

interface Calculator $Proxy.wrap("Calculator") {
    # Evaluates equations in a process of its own.

    destroy @0 (context :Proxy.Context) -> ();

    solve @1 (context :Proxy.Context, equation :Text)
        -> (error :CalculatorError $Proxy.exception("CalculatorError"));
    # Evaluate an equation, and have the printer print it with its value.
}

struct CalculatorError $Proxy.wrap("CalculatorError") {
    # What is wrong with an equation.

    message @0 :Text;

    position @1 :UInt32;
    # Column of the offending character, the first one is 1.
}
