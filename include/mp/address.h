#ifndef MP_ADDRESS_H
#define MP_ADDRESS_H

#include <chrono>
#include <memory>
#include <mp/proxy-io.h>
#include <string>

namespace mp {

// Addresses are "unix:PATH", "unix-abstract:NAME", "tcp:HOST:PORT", and, to listen on, "fd:NAME" for a socket that a service
// manager has handed over: see mp/c/address.h.

namespace detail {
SocketId ConnectSocket(const std::string& address, std::chrono::milliseconds timeout);
} // namespace detail

//! Listen on an address, and serve an object over each connection. Any thread.
//! @param init  not owned; outlives the connections
//! @throws std::system_error that names the address; kj::Exception when the loop is out of descriptors or memory
template <typename InitInterface, typename InitImpl>
[[nodiscard]] std::unique_ptr<Listener> ListenAddress(EventLoop& loop, const std::string& address, InitImpl& init,
                                                      const ListenOptions& options = {})
{
    return detail::Listen(loop, address, detail::MakeBootstrap<InitInterface>(init), options);
}

//! Connect to an address, and get the object that is served there: like ConnectStream. On the loop thread it keeps the
//! loop until it is connected.
//! @param timeout  for the connection, without the time that it takes to look up a host; calls have deadlines of their
//!                 own, also "construct"
//! @throws std::system_error that names the address; what ConnectStream throws
template <typename InitInterface>
[[nodiscard]] std::unique_ptr<ProxyClient<InitInterface>>
ConnectAddress(EventLoop& loop, const std::string& address, std::chrono::milliseconds timeout = std::chrono::seconds(30))
{
    // The loop must not end before there is a client.
    const EventLoopRef ref(loop);
    return ConnectStream<InitInterface>(loop, MakeStream(loop, detail::ConnectSocket(address, timeout)));
}

} // namespace mp

#endif // MP_ADDRESS_H
