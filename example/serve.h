#ifndef EXAMPLE_SERVE_H
#define EXAMPLE_SERVE_H

#include "init.h"
#include "init.capnp.h"
#include "init.capnp.proxy-types.h"
#include "log.h"

#include <cstdio>
#include <exception>

//! main() of a child: serve init to the parent that started this process, until it closes the connection.
inline int Serve(const char* name, int argc, char** argv, Init& init)
{
    if (argc != 2) {
        std::fprintf(stderr, "%s: started by mpexample, not by hand\n", name);
        return 1;
    }
    try {
        const mp::SocketId socket = mp::StartSpawned(argv[1]);
        mp::EventLoop loop(name, LogPrint);
        mp::ServeStream<messages::Init>(loop, mp::MakeStream(loop, socket), init);
        loop.loop();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", name, e.what());
        return 1;
    }
    return 0;
}

#endif // EXAMPLE_SERVE_H
