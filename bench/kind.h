// The kinds of client and server processes that rows are measured with.
#ifndef BENCH_KIND_H
#define BENCH_KIND_H

#include "client.h"

#include <memory>
#include <string>

namespace bench {

//! What the two processes of a pair share.
enum class Link {
    socketpair, //!< one end each
    listener,   //!< a listening socket: the server accepts, the client connects to its address as often as it likes
    none,       //!< there is no server: the client starts what it needs
};

struct Kind {
    const char* name;
    Link link;
    //! Runs in the client process. Owns the descriptor (for Link::listener, reads the address from it and closes it).
    std::unique_ptr<Client> (*connect)(int fd);
    //! Runs in the server process until the client has gone away. Owns the descriptor.
    void (*serve)(int fd);
};

//! Throws std::invalid_argument when there is no such kind.
const Kind& FindKind(const std::string& name);

} // namespace bench

#endif // BENCH_KIND_H
