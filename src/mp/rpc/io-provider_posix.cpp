#include "fd-stream.h"
#include "io-provider.h"

#include <cerrno>
#include <fcntl.h>
#include <kj/debug.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mp {

namespace {
//! The descriptor to keep: the given one, or, where the caller keeps that, a duplicate.
kj::AutoCloseFd Take(int fd, kj::uint flags)
{
    if (flags & kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP) {
        kj::AutoCloseFd owned(fd);
        if (!(flags & kj::LowLevelAsyncIoProvider::ALREADY_CLOEXEC)) {
            KJ_SYSCALL(fcntl(fd, F_SETFD, FD_CLOEXEC), fd);
        }
        return owned;
    }
    int copy;
    KJ_SYSCALL(copy = fcntl(fd, F_DUPFD_CLOEXEC, 3), fd);
    return kj::AutoCloseFd(copy);
}

//! Accepts connections.
class Receiver final : public kj::ConnectionReceiver, private Port::Handler
{
public:
    Receiver(Port& port, kj::AutoCloseFd fd, kj::LowLevelAsyncIoProvider::NetworkFilter& filter)
        : m_port(port), m_fd(kj::mv(fd)), m_filter(filter)
    {
        int flags;
        KJ_SYSCALL(flags = fcntl(m_fd, F_GETFL));
        KJ_SYSCALL(fcntl(m_fd, F_SETFL, flags | O_NONBLOCK));
        m_watch = m_port.watch(m_fd, EPOLLIN, *this);
    }
    ~Receiver() noexcept(false) { m_port.unwatch(m_fd, m_watch); }

    kj::Promise<kj::Own<kj::AsyncIoStream>> accept() override
    {
        for (;;) {
            sockaddr_storage address;
            socklen_t length = sizeof(address);
            const int fd = accept4(m_fd, reinterpret_cast<sockaddr*>(&address), &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (fd >= 0) {
                kj::AutoCloseFd owned(fd);
                if (!m_filter.shouldAllow(reinterpret_cast<sockaddr*>(&address), length)) continue;
                return kj::Own<kj::AsyncIoStream>(kj::heap<FdStream>(m_port, kj::mv(owned)));
            }
            switch (errno) {
            case EAGAIN: {
                auto paf = kj::newPromiseAndFulfiller<void>();
                m_ready = kj::mv(paf.fulfiller);
                return paf.promise.then([this] { return accept(); });
            }
            // The peer, or the way to it, went before the connection was accepted: nobody's concern.
            case ECONNABORTED:
            case EHOSTDOWN:
            case EHOSTUNREACH:
            case EINTR:
            case ENETDOWN:
            case ENETUNREACH:
            case ENONET:
            case EPROTO:
            case ETIMEDOUT:
                continue;
            default:
                KJ_FAIL_SYSCALL("accept", errno);
            }
        }
    }

    kj::uint getPort() override
    {
        sockaddr_storage address;
        socklen_t length = sizeof(address);
        KJ_SYSCALL(::getsockname(m_fd, reinterpret_cast<sockaddr*>(&address), &length));
        switch (address.ss_family) {
        case AF_INET: return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
        case AF_INET6: return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
        default: return 0;
        }
    }
    void getsockopt(int level, int option, void* value, kj::uint* length) override
    {
        socklen_t size = *length;
        KJ_SYSCALL(::getsockopt(m_fd, level, option, value, &size));
        *length = size;
    }
    void setsockopt(int level, int option, const void* value, kj::uint length) override
    {
        KJ_SYSCALL(::setsockopt(m_fd, level, option, value, length));
    }
    void getsockname(struct sockaddr* addr, kj::uint* length) override
    {
        socklen_t size = *length;
        KJ_SYSCALL(::getsockname(m_fd, addr, &size));
        *length = size;
    }

private:
    void ready(uint32_t) override
    {
        KJ_IF_MAYBE (fulfiller, m_ready) {
            (*fulfiller)->fulfill();
            m_ready = nullptr;
        }
    }

    Port& m_port;
    kj::AutoCloseFd m_fd;
    kj::LowLevelAsyncIoProvider::NetworkFilter& m_filter;
    uint64_t m_watch;
    kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> m_ready;
};

//! Waits until a connect() in progress has ended.
class Connecting final : private Port::Handler
{
public:
    Connecting(Port& port, int fd) : m_port(port), m_fd(fd)
    {
        auto paf = kj::newPromiseAndFulfiller<void>();
        m_done = kj::mv(paf.fulfiller);
        m_promise = kj::mv(paf.promise);
        m_watch = m_port.watch(fd, EPOLLOUT, *this);
    }
    ~Connecting() noexcept(false) { m_port.unwatch(m_fd, m_watch); }
    KJ_DISALLOW_COPY(Connecting);

    kj::Promise<void> wait() { return kj::mv(m_promise); }

private:
    void ready(uint32_t) override { m_done->fulfill(); }

    Port& m_port;
    const int m_fd;
    uint64_t m_watch;
    kj::Own<kj::PromiseFulfiller<void>> m_done;
    kj::Promise<void> m_promise{nullptr};
};
} // namespace

kj::Own<kj::AsyncInputStream> IoProvider::wrapInputFd(Fd fd, kj::uint flags)
{
    return kj::heap<FdStream>(m_port, Take(fd, flags), kj::AutoCloseFd());
}

kj::Own<kj::AsyncOutputStream> IoProvider::wrapOutputFd(Fd fd, kj::uint flags)
{
    return kj::heap<FdStream>(m_port, kj::AutoCloseFd(), Take(fd, flags));
}

kj::Own<kj::AsyncIoStream> IoProvider::wrapSocketFd(Fd fd, kj::uint flags) { return wrapUnixSocketFd(fd, flags); }

kj::Own<kj::AsyncCapabilityStream> IoProvider::wrapUnixSocketFd(Fd fd, kj::uint flags)
{
    return kj::heap<FdStream>(m_port, Take(fd, flags));
}

kj::Promise<kj::Own<kj::AsyncIoStream>>
IoProvider::wrapConnectingSocketFd(Fd fd, const struct sockaddr* addr, kj::uint addrlen, kj::uint flags)
{
    kj::AutoCloseFd socket = Take(fd, flags);
    int file_flags;
    KJ_SYSCALL(file_flags = fcntl(socket, F_GETFL));
    KJ_SYSCALL(fcntl(socket, F_SETFL, file_flags | O_NONBLOCK));
    if (connect(socket, addr, addrlen) < 0 && errno != EINPROGRESS && errno != EINTR) {
        KJ_FAIL_SYSCALL("connect", errno);
    }
    auto connecting = kj::heap<Connecting>(m_port, socket);
    auto promise = connecting->wait();
    return promise.then([this, socket = kj::mv(socket), connecting = kj::mv(connecting)]() mutable {
        connecting = nullptr;
        int error = 0;
        socklen_t length = sizeof(error);
        KJ_SYSCALL(getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length));
        if (error != 0) KJ_FAIL_SYSCALL("connect", error);
        return kj::Own<kj::AsyncIoStream>(kj::heap<FdStream>(m_port, kj::mv(socket)));
    });
}

kj::Own<kj::ConnectionReceiver> IoProvider::wrapListenSocketFd(Fd fd, NetworkFilter& filter, kj::uint flags)
{
    return kj::heap<Receiver>(m_port, Take(fd, flags), filter);
}

} // namespace mp
