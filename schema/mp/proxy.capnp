# Annotations that tell mpgen how a schema maps to C++ classes, and the interfaces by which two
# processes name each other's threads. Imported by applications as "/mp/proxy.capnp".

@0xcc316e3f71a040fb;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("mp");

annotation include(file): Text;
# Header to include in the generated X.capnp.proxy.h: declares the wrapped classes.

annotation includeTypes(file): Text;
# Header to include in the generated X.capnp.proxy-types.h: declares conversions of the application's types.

annotation wrap(interface, struct): Text;
# C++ class that an interface or a struct stands for.

annotation count(param, struct, interface): Int32;
# How many C++ arguments a parameter, or every parameter of an annotated type, takes. The default is 1.

annotation exception(param): Text;
# C++ exception class that a result field carries back to the caller.

annotation name(field, method): Text;
# Name of the C++ member, where it differs from the schema's.

annotation skip(field, group, union): Void;
# A struct's field, group or named union that has no C++ member.

annotation pool(method): Void;
# The method has no Context, and runs on a thread of the server's pool instead of on the event loop.

interface ThreadMap $count(0) {
    # Exchanged by the two sides of a connection: makes threads that run the other side's calls.

    makeThread @0 (name :Text) -> (result :Thread);
    # Start a thread that runs calls; "name" tells, in its name, for whom.

    makePool @1 (count :UInt32) -> ();
    # Start "count" threads for calls that name no thread. Once per connection.
}

interface Thread {
    # A thread that runs calls in the order in which they arrive.

    getName @0 () -> (result :Text);
}

struct Context $count(0) {
    # Says which threads a call uses. A method that takes one runs on a thread; others run on the event loop.

    thread @0 :Thread;
    # Thread of the receiver that runs the call. Null: one of the pool that the sender has made, or of the receiver's own.

    callbackThread @1 :Thread;
    # Thread of the sender that runs the calls that the receiver makes while it runs this one.

    timeout @2 :UInt64;
    # Nanoseconds that the sender goes on waiting; 0: as long as it takes. Sent to who says to know it: see Hello.
}

interface Hello {
    # Answered by the ThreadMaps of this library. Who gets a peer's first ThreadMap says hello to it, once; others answer
    # that they don't know the interface, and are not sent what they don't know.

    hello @0 (self :Peer) -> (self :Peer);
    # Each says what it is.

    struct Peer {
        name @0 :Text;
        # Of the program, as in its log.

        version @1 :UInt32;
        # Of the library: major * 1000000 + minor * 1000 + patch.

        features @2 :UInt64;
        # Bits for what the library understands beyond its first version: 1 is Context.timeout.

        appVersion @3 :UInt64;
        # Of the application; 0 if it has none.
    }
}
