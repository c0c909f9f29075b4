#include "fd-stream.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <kj/debug.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mp {

namespace {
constexpr uint32_t INPUT_EVENTS = EPOLLIN | EPOLLRDHUP;

//! A pipe has no MSG_NOSIGNAL: keep the signal of a broken one from the application.
class NoSigpipe
{
public:
    NoSigpipe()
    {
        sigemptyset(&m_pipe);
        sigaddset(&m_pipe, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        m_was_pending = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &m_pipe, &m_old);
    }
    ~NoSigpipe()
    {
        const int saved = errno;
        if (!m_was_pending) {
            const timespec now{0, 0};
            while (sigtimedwait(&m_pipe, nullptr, &now) < 0 && errno == EINTR) {}
        }
        pthread_sigmask(SIG_SETMASK, &m_old, nullptr);
        errno = saved;
    }

private:
    sigset_t m_pipe;
    sigset_t m_old;
    bool m_was_pending;
};

kj::Exception IoError(const char* what, ssize_t negative_errno)
{
    const int error = static_cast<int>(-negative_errno);
    const bool gone = error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ECONNABORTED ||
                      error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETDOWN || error == ECONNREFUSED;
    return kj::Exception(gone ? kj::Exception::Type::DISCONNECTED : kj::Exception::Type::FAILED, __FILE__, __LINE__,
                         kj::str(what, ": ", strerror(error)));
}

void SetNonblocking(int fd)
{
    int flags;
    KJ_SYSCALL(flags = fcntl(fd, F_GETFL), fd);
    if (!(flags & O_NONBLOCK)) {
        KJ_SYSCALL(fcntl(fd, F_SETFL, flags | O_NONBLOCK), fd);
    }
}

mode_t FileType(int fd)
{
    struct stat info;
    KJ_SYSCALL(fstat(fd, &info), "stream over a descriptor that is not open", fd);
    return info.st_mode & S_IFMT;
}
} // namespace

FdStream::Side::Side(FdStream& stream, int fd, uint32_t events)
    : m_stream(stream), m_fd(fd), m_events(events), m_watch(stream.m_port.watch(fd, events, *this))
{
}

FdStream::Side::~Side() { m_stream.m_port.unwatch(m_fd, m_watch); }

void FdStream::Side::watchOutput(bool wanted)
{
    const uint32_t events = wanted ? m_events | EPOLLOUT : m_events & ~uint32_t{EPOLLOUT};
    if (events == m_events) return;
    m_events = events;
    m_stream.m_port.rewatch(m_fd, m_watch, m_events);
}

FdStream::FdStream(Port& port, kj::AutoCloseFd socket) : m_port(port), m_input(kj::mv(socket)), m_socket(true)
{
    KJ_REQUIRE(S_ISSOCK(FileType(inputFd())), "stream over a descriptor that is no socket", inputFd());
    SetNonblocking(inputFd());
    m_input_side = kj::heap<Side>(*this, inputFd(), INPUT_EVENTS);
}

FdStream::FdStream(Port& port, kj::AutoCloseFd input, kj::AutoCloseFd output)
    : m_port(port), m_input(kj::mv(input)), m_output(kj::mv(output)), m_socket(false)
{
    if (m_input != nullptr) {
        SetNonblocking(inputFd());
        m_input_side = kj::heap<Side>(*this, inputFd(), INPUT_EVENTS);
    }
    if (m_output != nullptr) {
        SetNonblocking(outputFd());
        m_output_side = kj::heap<Side>(*this, outputFd(), 0);
    }
}

FdStream::~FdStream() noexcept(false) = default;

void FdStream::ready(uint32_t events)
{
    if (events & EPOLLOUT) outputSide().watchOutput(false);
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        m_may_read = true;
        if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) m_input_ends = true;
        KJ_IF_MAYBE (fulfiller, m_readable) {
            (*fulfiller)->fulfill();
            m_readable = nullptr;
        }
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        KJ_IF_MAYBE (fulfiller, m_writable) {
            (*fulfiller)->fulfill();
            m_writable = nullptr;
        }
    }
    if (events & (EPOLLHUP | EPOLLERR)) {
        m_output_hung_up = true;
        KJ_IF_MAYBE (fulfiller, m_hung_up) {
            (*fulfiller)->fulfill();
            m_hung_up = nullptr;
        }
    }
    // Last: the listener may destroy the stream.
    Listener* const listener = m_listener;
    if (listener == nullptr) return;
    const bool writable = events & (EPOLLOUT | EPOLLHUP | EPOLLERR);
    if (writable) listener->writable();
    if (m_listener == listener && m_may_read) listener->readable();
}

ssize_t FdStream::noteRead(ssize_t n, size_t wanted)
{
    if (n < 0) {
        n = -errno;
        if (n == -EAGAIN) m_may_read = false;
    } else if (n > 0 && static_cast<size_t>(n) < wanted && !m_input_ends) {
        // Edge-triggered: what comes now is announced, so asking again would only fail.
        m_may_read = false;
    }
    return n;
}

ssize_t FdStream::readNow(const iovec* pieces, int count)
{
    size_t wanted = 0;
    for (int i = 0; i < count; ++i) wanted += pieces[i].iov_len;
    ssize_t n;
    do {
        if (count == 1 && m_socket) {
            n = recv(inputFd(), pieces[0].iov_base, pieces[0].iov_len, 0);
        } else {
            n = readv(inputFd(), pieces, count);
        }
    } while (n < 0 && errno == EINTR);
    return noteRead(n, wanted);
}

ssize_t FdStream::noteWrite(ssize_t n)
{
    if (n >= 0) return n;
    n = -errno;
    if (n == -EAGAIN) outputSide().watchOutput(true);
    return n;
}

ssize_t FdStream::writeNow(const iovec* pieces, int count)
{
    ssize_t n;
    do {
        if (m_socket) {
            msghdr message{};
            message.msg_iov = const_cast<iovec*>(pieces);
            message.msg_iovlen = count;
            n = sendmsg(outputFd(), &message, MSG_NOSIGNAL);
        } else {
            const NoSigpipe no_sigpipe;
            n = writev(outputFd(), pieces, count);
        }
    } while (n < 0 && errno == EINTR);
    return noteWrite(n);
}

kj::Promise<void> FdStream::whenReadable()
{
    auto paf = kj::newPromiseAndFulfiller<void>();
    m_readable = kj::mv(paf.fulfiller);
    return kj::mv(paf.promise);
}

kj::Promise<void> FdStream::whenWritable()
{
    auto paf = kj::newPromiseAndFulfiller<void>();
    m_writable = kj::mv(paf.fulfiller);
    return kj::mv(paf.promise);
}

kj::Promise<size_t> FdStream::tryRead(void* buffer, size_t min_bytes, size_t max_bytes)
{
    return readLoop(static_cast<kj::byte*>(buffer), min_bytes, max_bytes, nullptr, 0, {0, 0})
        .then([](ReadResult result) { return result.byteCount; });
}

kj::Promise<kj::AsyncCapabilityStream::ReadResult> FdStream::tryReadWithFds(void* buffer, size_t min_bytes,
                                                                          size_t max_bytes,
                                                                          kj::AutoCloseFd* fd_buffer, size_t max_fds)
{
    return readLoop(static_cast<kj::byte*>(buffer), min_bytes, max_bytes, fd_buffer, max_fds, {0, 0});
}

namespace {
//! One recvmsg. Descriptors beyond the room for them are closed.
ssize_t ReceiveWithFds(int socket, kj::byte* buffer, size_t size, kj::AutoCloseFd* fds, size_t max_fds, size_t& count)
{
    iovec piece{buffer, size};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 253)];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    ssize_t n;
    do {
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return n;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const size_t received = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < received; ++i) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
            kj::AutoCloseFd owned(fd);
            if (count < max_fds) fds[count++] = kj::mv(owned);
        }
    }
    return n;
}
} // namespace

kj::Promise<kj::AsyncCapabilityStream::ReadResult> FdStream::readLoop(kj::byte* buffer, size_t min_bytes,
                                                                    size_t max_bytes, kj::AutoCloseFd* fds,
                                                                    size_t max_fds, ReadResult done)
{
    for (;;) {
        ssize_t n;
        if (fds != nullptr) {
            n = noteRead(ReceiveWithFds(inputFd(), buffer, max_bytes, fds, max_fds, done.capCount), max_bytes);
        } else {
            const iovec piece{buffer, max_bytes};
            n = readNow(&piece, 1);
        }
        if (n == -EAGAIN) {
            return whenReadable().then([this, buffer, min_bytes, max_bytes, fds, max_fds, done] {
                return readLoop(buffer, min_bytes, max_bytes, fds, max_fds, done);
            });
        }
        if (n < 0) return IoError("read", n);
        const size_t got = static_cast<size_t>(n);
        done.byteCount += got;
        if (got == 0 || got >= min_bytes) return done;
        buffer += got;
        min_bytes -= got;
        max_bytes -= got;
    }
}

kj::Promise<void> FdStream::write(const void* buffer, size_t size)
{
    return writeLoop(kj::arrayPtr(static_cast<const kj::byte*>(buffer), size), nullptr);
}

kj::Promise<void> FdStream::write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces)
{
    if (pieces.size() == 0) return kj::READY_NOW;
    return writeLoop(pieces[0], pieces.slice(1, pieces.size()));
}

kj::Promise<void> FdStream::writeLoop(kj::ArrayPtr<const kj::byte> first,
                                      kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> rest)
{
    constexpr size_t MAX_PIECES = 64;
    for (;;) {
        while (first.size() == 0) {
            if (rest.size() == 0) return kj::READY_NOW;
            first = rest[0];
            rest = rest.slice(1, rest.size());
        }
        iovec pieces[MAX_PIECES];
        pieces[0] = {const_cast<kj::byte*>(first.begin()), first.size()};
        const size_t count = kj::min(rest.size() + 1, MAX_PIECES);
        for (size_t i = 1; i < count; ++i) {
            pieces[i] = {const_cast<kj::byte*>(rest[i - 1].begin()), rest[i - 1].size()};
        }
        const ssize_t n = writeNow(pieces, static_cast<int>(count));
        if (n == -EAGAIN) {
            return whenWritable().then([this, first, rest] { return writeLoop(first, rest); });
        }
        if (n < 0) return IoError("write", n);
        size_t written = static_cast<size_t>(n);
        while (written >= first.size()) {
            written -= first.size();
            first = nullptr;
            if (rest.size() == 0) break;
            first = rest[0];
            rest = rest.slice(1, rest.size());
        }
        first = first.slice(kj::min(written, first.size()), first.size());
    }
}

kj::Promise<void> FdStream::writeWithFds(kj::ArrayPtr<const kj::byte> data,
                                         kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> more_data,
                                         kj::ArrayPtr<const int> fds)
{
    KJ_REQUIRE(m_socket, "descriptors are passed over sockets only");
    KJ_REQUIRE(data.size() > 0, "descriptors travel with at least one byte");
    KJ_REQUIRE(fds.size() <= 253, "too many descriptors for one message", fds.size());
    if (fds.size() == 0) return writeLoop(data, more_data);
    iovec piece{const_cast<kj::byte*>(data.begin()), data.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 253)];
    memset(control, 0, sizeof(control));
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    memcpy(CMSG_DATA(part), fds.begin(), sizeof(int) * fds.size());
    ssize_t n;
    do {
        n = sendmsg(outputFd(), &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    n = noteWrite(n);
    if (n == -EAGAIN) {
        return whenWritable().then([this, data, more_data, fds] { return writeWithFds(data, more_data, fds); });
    }
    if (n < 0) return IoError("write with descriptors", n);
    // The descriptors have left with the first byte.
    return writeLoop(data.slice(static_cast<size_t>(n), data.size()), more_data);
}

kj::Promise<void> FdStream::writeWithStreams(kj::ArrayPtr<const kj::byte> data,
                                             kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> more_data,
                                             kj::Array<kj::Own<kj::AsyncCapabilityStream>> streams)
{
    auto fds = kj::heapArray<int>(streams.size());
    for (size_t i = 0; i < streams.size(); ++i) {
        const kj::Maybe<int> fd = streams[i]->getFd();
        KJ_REQUIRE(fd != nullptr, "only streams over a descriptor can be passed");
        fds[i] = fd.orDefault(-1);
    }
    auto promise = writeWithFds(data, more_data, fds);
    return promise.attach(kj::mv(fds), kj::mv(streams));
}

kj::Promise<kj::AsyncCapabilityStream::ReadResult>
FdStream::tryReadWithStreams(void* buffer, size_t min_bytes, size_t max_bytes,
                             kj::Own<kj::AsyncCapabilityStream>* stream_buffer, size_t max_streams)
{
    auto fds = kj::heapArray<kj::AutoCloseFd>(max_streams);
    auto promise = tryReadWithFds(buffer, min_bytes, max_bytes, fds.begin(), max_streams);
    return promise.then([this, stream_buffer, fds = kj::mv(fds)](ReadResult result) mutable {
        for (size_t i = 0; i < result.capCount; ++i) {
            stream_buffer[i] = kj::heap<FdStream>(m_port, kj::mv(fds[i]));
        }
        return result;
    });
}

kj::Promise<void> FdStream::whenWriteDisconnected()
{
    if (m_output_hung_up) return kj::READY_NOW;
    auto paf = kj::newPromiseAndFulfiller<void>();
    m_hung_up = kj::mv(paf.fulfiller);
    return kj::mv(paf.promise);
}

void FdStream::shutdownWrite()
{
    if (m_write_shut) return;
    m_write_shut = true;
    if (m_socket) {
        KJ_SYSCALL(shutdown(outputFd(), SHUT_WR));
    } else {
        m_output_side = nullptr;
        // Of a socket that is the input, too, closing one descriptor tells the peer nothing. A pipe refuses this.
        shutdown(outputFd(), SHUT_WR);
        m_output = kj::AutoCloseFd();
    }
}

void FdStream::abortRead()
{
    if (!m_socket) return;
    KJ_SYSCALL(shutdown(inputFd(), SHUT_RD));
}

void FdStream::getsockopt(int level, int option, void* value, kj::uint* length)
{
    socklen_t size = *length;
    KJ_SYSCALL(::getsockopt(outputFd(), level, option, value, &size));
    *length = size;
}

void FdStream::setsockopt(int level, int option, const void* value, kj::uint length)
{
    KJ_SYSCALL(::setsockopt(outputFd(), level, option, value, length));
}

void FdStream::getsockname(struct sockaddr* addr, kj::uint* length)
{
    socklen_t size = *length;
    KJ_SYSCALL(::getsockname(inputFd(), addr, &size));
    *length = size;
}

void FdStream::getpeername(struct sockaddr* addr, kj::uint* length)
{
    socklen_t size = *length;
    KJ_SYSCALL(::getpeername(inputFd(), addr, &size));
    *length = size;
}

kj::Maybe<int> FdStream::getFd() const
{
    if (!m_socket) return nullptr;
    return inputFd();
}

} // namespace mp
