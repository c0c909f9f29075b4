#include "listener.h"

#include "check.h"
#include "fd.h"

namespace bench {

ListenerAddress::ListenerAddress(int listening_fd)
{
    const Fd owner{listening_fd};
    Check(getsockname(listening_fd, reinterpret_cast<sockaddr*>(&m_address), &m_size), "getsockname");
}

int ListenerAddress::connect() const
{
    Fd fd{Check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    Check(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&m_address), m_size), "connect");
    return fd.release();
}

} // namespace bench
