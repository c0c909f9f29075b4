// The client's view of a listening socket.
#ifndef BENCH_LISTENER_H
#define BENCH_LISTENER_H

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

} // namespace bench

#endif // BENCH_LISTENER_H
