#ifndef MP_RPC_IO_PROVIDER_H
#define MP_RPC_IO_PROVIDER_H

#include "port.h"

#include <kj/async-io.h>

namespace mp {

//! KJ's low-level I/O over our own event port: streams are FdStreams.
class IoProvider final : public kj::LowLevelAsyncIoProvider
{
public:
    explicit IoProvider(Port& port) : m_port(port) {}

    kj::Own<kj::AsyncInputStream> wrapInputFd(Fd fd, kj::uint flags = 0) override;
    kj::Own<kj::AsyncOutputStream> wrapOutputFd(Fd fd, kj::uint flags = 0) override;
    kj::Own<kj::AsyncIoStream> wrapSocketFd(Fd fd, kj::uint flags = 0) override;
    kj::Own<kj::AsyncCapabilityStream> wrapUnixSocketFd(Fd fd, kj::uint flags = 0) override;
    kj::Promise<kj::Own<kj::AsyncIoStream>> wrapConnectingSocketFd(Fd fd, const struct sockaddr* addr,
                                                                   kj::uint addrlen, kj::uint flags = 0) override;
    kj::Own<kj::ConnectionReceiver> wrapListenSocketFd(Fd fd, NetworkFilter& filter, kj::uint flags = 0) override;
    kj::Timer& getTimer() override { return m_port.timer(); }

private:
    Port& m_port;
};

} // namespace mp

#endif // MP_RPC_IO_PROVIDER_H
