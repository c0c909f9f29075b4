#ifndef MP_LISTENER_H
#define MP_LISTENER_H

#include <mp/connection.h>
#include <optional>

namespace mp {

//! What a listening socket takes.
struct ListenOptions
{
    //! How many of its connections are served at once; further ones wait in the system's queue.
    std::optional<size_t> max_connections{};
    //! How many of them processes of one user may have. The peers of further ones are told, and disconnected. For sockets
    //! that tell who connects: local ones.
    std::optional<size_t> max_connections_per_user{};
    //! What the peer of each may make this process hold; otherwise as the loop says.
    std::optional<Limits> limits{};
};

namespace detail {

//! Makes the object that a new connection serves.
using Bootstrap = std::function<::capnp::Capability::Client(Connection&)>;

template <typename InitInterface, typename InitImpl>
Bootstrap MakeBootstrap(InitImpl& init)
{
    return [&init](Connection& connection) -> ::capnp::Capability::Client {
        // Not owned: the pointer has no deleter.
        return kj::heap<ProxyServer<InitInterface>>(std::shared_ptr<InitImpl>(&init, [](InitImpl*) {}), connection);
    };
}

//! Serve a stream on the loop until the peer closes it, then call on_closed. Owning the loop.
Connection& Serve(EventLoop& loop, Stream stream, const Bootstrap& bootstrap, std::function<void()> on_closed);

//! Accept connections and serve each. Any thread.
void Listen(EventLoop& loop, SocketId socket, Bootstrap bootstrap, const ListenOptions& options);

} // namespace detail
} // namespace mp

#endif // MP_LISTENER_H
