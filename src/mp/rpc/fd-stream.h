#ifndef MP_RPC_FD_STREAM_H
#define MP_RPC_FD_STREAM_H

#include "port.h"

#include <kj/async-io.h>
#include <sys/uio.h>

namespace mp {

//! A byte stream over one socket, or over two descriptors (pipes, say), one for each direction.
//!
//! Used in one of two ways: as any kj::AsyncIoStream, by promises; or directly, by the message network, which reads
//! and writes without waiting and is told when it can go on. Owning the loop.
class FdStream final : public kj::AsyncCapabilityStream
{
public:
    //! Told, in direct use, that it is worth trying again.
    class Listener
    {
    public:
        virtual void readable() = 0;
        virtual void writable() = 0;

    protected:
        ~Listener() = default;
    };

    //! Over a socket. Takes the descriptor over, also when it throws, and makes it non-blocking.
    //! @throws kj::Exception, also when the descriptor is no socket
    FdStream(Port& port, kj::AutoCloseFd socket);
    //! Over one descriptor for each direction: sockets, pipes, or terminals. One may be missing.
    FdStream(Port& port, kj::AutoCloseFd input, kj::AutoCloseFd output);
    ~FdStream() noexcept(false);

    // Direct use.

    void setListener(Listener* listener) { m_listener = listener; }
    //! Read what is there. @return bytes, 0 at the end, -EAGAIN (the listener is told), or another negative errno
    ssize_t readNow(const iovec* pieces, int count);
    //! Write what fits. @return bytes, -EAGAIN (the listener is told), or another negative errno
    ssize_t writeNow(const iovec* pieces, int count);
    //! Whether a read may find anything.
    bool mayRead() const { return m_may_read; }

    // kj::AsyncIoStream
    kj::Promise<size_t> tryRead(void* buffer, size_t min_bytes, size_t max_bytes) override;
    kj::Promise<void> write(const void* buffer, size_t size) override;
    kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override;
    kj::Promise<void> whenWriteDisconnected() override;
    void shutdownWrite() override;
    void abortRead() override;
    void getsockopt(int level, int option, void* value, kj::uint* length) override;
    void setsockopt(int level, int option, const void* value, kj::uint length) override;
    void getsockname(struct sockaddr* addr, kj::uint* length) override;
    void getpeername(struct sockaddr* addr, kj::uint* length) override;
    kj::Maybe<int> getFd() const override;

    // kj::AsyncCapabilityStream
    kj::Promise<void> writeWithFds(kj::ArrayPtr<const kj::byte> data,
                                   kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> more_data,
                                   kj::ArrayPtr<const int> fds) override;
    kj::Promise<ReadResult> tryReadWithFds(void* buffer, size_t min_bytes, size_t max_bytes,
                                           kj::AutoCloseFd* fd_buffer, size_t max_fds) override;
    kj::Promise<void> writeWithStreams(kj::ArrayPtr<const kj::byte> data,
                                       kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> more_data,
                                       kj::Array<kj::Own<kj::AsyncCapabilityStream>> streams) override;
    kj::Promise<ReadResult> tryReadWithStreams(void* buffer, size_t min_bytes, size_t max_bytes,
                                               kj::Own<kj::AsyncCapabilityStream>* stream_buffer,
                                               size_t max_streams) override;

private:
    //! One descriptor in the port.
    class Side final : public Port::Handler
    {
    public:
        Side(FdStream& stream, int fd, uint32_t events);
        ~Side();
        KJ_DISALLOW_COPY(Side);
        void ready(uint32_t events) override { m_stream.ready(events); }
        //! Be told of EPOLLOUT, or not: most writes fit, and need not be told when they were read.
        void watchOutput(bool wanted);

    private:
        FdStream& m_stream;
        const int m_fd;
        uint32_t m_events;
        uint64_t m_watch;
    };

    int inputFd() const { return m_input.get(); }
    int outputFd() const { return m_socket ? m_input.get() : m_output.get(); }
    Side& outputSide() { return m_socket ? *m_input_side : *m_output_side; }
    void ready(uint32_t events);
    ssize_t noteRead(ssize_t n, size_t wanted);
    ssize_t noteWrite(ssize_t n);
    kj::Promise<void> whenReadable();
    kj::Promise<void> whenWritable();
    kj::Promise<ReadResult> readLoop(kj::byte* buffer, size_t min_bytes, size_t max_bytes, kj::AutoCloseFd* fds,
                                     size_t max_fds, ReadResult done);
    kj::Promise<void> writeLoop(kj::ArrayPtr<const kj::byte> first,
                                kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> rest);

    Port& m_port;
    kj::AutoCloseFd m_input;
    kj::AutoCloseFd m_output; //!< null for a socket, and after shutdownWrite()
    //! One socket, not two descriptors.
    const bool m_socket;
    //! Data, the end or an error may be waiting.
    bool m_may_read{true};
    //! The end has been announced: a short read says nothing.
    bool m_input_ends{false};
    bool m_output_hung_up{false};
    bool m_write_shut{false};
    Listener* m_listener{nullptr};
    kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> m_readable;
    kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> m_writable;
    kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> m_hung_up;
    // Last: they refer to the rest.
    kj::Own<Side> m_input_side;
    kj::Own<Side> m_output_side;
};

} // namespace mp

#endif // MP_RPC_FD_STREAM_H
