#ifndef EXAMPLE_SERVE_H
#define EXAMPLE_SERVE_H

#include "init.capnp.h"
#include "init.capnp.proxy-types.h"
#include "init.h"
#include "log.h"

#include <cstdio>
#include <exception>
#include <mp/c/process.h>
#include <string>

//! A child's side of its connection.
struct Ends
{
    mp::SocketId input;
    mp::SocketId output;
};

//! @param argument  a connect info, or "--stdio" where stdin and stdout are the connection
inline Ends OpenEnds(const std::string& argument)
{
    if (argument != "--stdio") {
        const mp::SocketId socket = mp::StartSpawned(argument);
        return {socket, socket};
    }
    Ends ends;
    mp_error error;
    if (mp_start_stdio(&ends.input, &ends.output, &error) < 0) throw std::runtime_error(error.message);
    return ends;
}

//! main() of a child: serve an Init to the parent that started this process, until it closes the connection.
template <typename InitImpl>
int Serve(const char* name, int argc, char** argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "%s: started by mpexample, not by hand\n", name);
        return 1;
    }
    try {
        // First of all: what is printed from here on goes to stderr, not into a connection that is stdout.
        const Ends ends = OpenEnds(argv[1]);
        InitImpl init;
        mp::EventLoop loop(name, LogPrint);
        mp::ServeStream<messages::Init>(loop, mp::MakeStream(loop, ends.input, ends.output), init);
        loop.loop();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", name, e.what());
        return 1;
    }
    return 0;
}

#endif // EXAMPLE_SERVE_H
