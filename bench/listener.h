// The client's view of a listening socket.
#ifndef BENCH_LISTENER_H
#define BENCH_LISTENER_H

#include <cstddef>
#include <sys/socket.h>
#include <sys/un.h>

namespace bench {

class ListenerAddress
{
public:
    //! Remembers where a listening socket is bound, and closes it.
    explicit ListenerAddress(int listening_fd);

    //! One more connection; the caller owns the descriptor.
    int connect() const;

private:
    sockaddr_un m_address{};
    socklen_t m_size{sizeof(sockaddr_un)};
};

//! Connections of the row that has many.
constexpr size_t CROWD{5000};

//! Lets this process have that many, and some other descriptors. Throws std::runtime_error when it may not.
void AllowCrowd();

} // namespace bench

#endif // BENCH_LISTENER_H
