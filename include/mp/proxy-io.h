#ifndef MP_PROXY_IO_H
#define MP_PROXY_IO_H

#include <algorithm>
#include <capnp/rpc-twoparty.h>
#include <concepts>
#include <condition_variable>
#include <kj/function.h>
#include <map>
#include <mp/connection.h>
#include <mp/event-loop.h>
#include <mp/listener.h>
#include <mp/log.h>
#include <mp/proxy-invoke.h>
#include <mp/proxy.capnp.h>
#include <mp/proxy.h>
#include <mp/thread-context.h>
#include <mp/util.h>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

namespace mp {

template <>
struct ProxyServer<Thread>;
template <>
struct ProxyServer<ThreadMap>;

namespace detail {
//! The client side's connection over a stream, with the peer's first object. Owning the loop.
std::pair<Connection*, ::capnp::Capability::Client> Connect(EventLoop& loop, Stream stream,
                                                            FunctionRef<void(Connection&)> connected);
//! Close the connection when the peer does. Owning the loop.
void CloseOnDisconnect(ProxyContext& context);

//! ConnectStream.
//! @param connected  called with the connection before anything is sent, owning the loop
template <typename InitInterface>
std::unique_ptr<ProxyClient<InitInterface>> MakeClient(EventLoop& loop, Stream stream,
                                                       FunctionRef<void(Connection&)> connected)
{
    // The loop must not end between its calls here.
    const EventLoopRef ref(loop);
    Connection* connection = nullptr;
    std::optional<typename InitInterface::Client> bootstrap;
    loop.call([&] {
        auto connected_to = detail::Connect(loop, kj::mv(stream), connected);
        connection = connected_to.first;
        bootstrap.emplace(connected_to.second.template castAs<InitInterface>());
    });
    auto client = std::make_unique<ProxyClient<InitInterface>>(kj::mv(*bootstrap), connection,
                                                               /* destroy_connection= */ true);
    loop.call([&] { detail::CloseOnDisconnect(client->m_context); });
    return client;
}
} // namespace detail

//! Connect over a stream, and get the object that the peer serves. The client object owns the connection. Any thread;
//! on the loop thread only if the interface has no "construct" method.
//! @throws what the log function throws when "construct" fails; nothing is left then
template <typename InitInterface>
std::unique_ptr<ProxyClient<InitInterface>> ConnectStream(EventLoop& loop, Stream stream)
{
    return detail::MakeClient<InitInterface>(loop, kj::mv(stream), [](Connection&) {});
}

//! Serve an object over a stream. init is not owned, and outlives the connection. On the loop thread.
template <typename InitInterface, typename InitImpl>
void ServeStream(EventLoop& loop, Stream stream, InitImpl& init)
{
    detail::Serve(loop, kj::mv(stream), detail::MakeBootstrap<InitInterface>(init), {});
}

//! Accept connections on a bound, listening socket, which is taken over, and serve an object over each. Any thread.
//! @param max_connections  how many of this listener are served at once; further ones wait in the system's queue
template <typename InitInterface, typename InitImpl>
void ListenConnections(EventLoop& loop, SocketId fd, InitImpl& init,
                       std::optional<size_t> max_connections = std::nullopt)
{
    detail::Listen(loop, fd, detail::MakeBootstrap<InitInterface>(init), {.max_connections = max_connections});
}

//! The same with more options.
template <typename InitInterface, typename InitImpl, std::same_as<ListenOptions> Options>
void ListenConnections(EventLoop& loop, SocketId fd, InitImpl& init, const Options& options)
{
    detail::Listen(loop, fd, detail::MakeBootstrap<InitInterface>(init), options);
}

} // namespace mp

#endif // MP_PROXY_IO_H
