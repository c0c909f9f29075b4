#include "listener.h"

#include "check.h"
#include "fd.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <sys/resource.h>

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

void AllowCrowd()
{
    constexpr rlim_t WANTED{CROWD + 100};
    rlimit limit{};
    Check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    if (limit.rlim_cur >= WANTED) return;
    limit.rlim_cur = WANTED;
    limit.rlim_max = std::max(limit.rlim_max, WANTED); // which only root may raise
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
        throw std::runtime_error("this process may not have " + std::to_string(WANTED) + " descriptors");
    }
}

} // namespace bench
