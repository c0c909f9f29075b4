# An interface without any of the library's conventions.

@0xc7d9e8a1b2f3c4d5;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("mp::test::plain");

interface Plain {
    echo @0 (bytes :Data) -> (bytes :Data);
    make @1 () -> (child :Plain);
    push @2 (bytes :Data) -> stream;
    hold @3 () -> ();
    # Answered when the test says so.
}
