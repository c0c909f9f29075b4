#ifndef MP_LISTENER_H
#define MP_LISTENER_H

#include <mp/connection.h>
#include <optional>

namespace mp::detail {

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
void Serve(EventLoop& loop, Stream stream, const Bootstrap& bootstrap, std::function<void()> on_closed);

//! Accept connections and serve each. Any thread.
void Listen(EventLoop& loop, SocketId socket, Bootstrap bootstrap, std::optional<size_t> max_connections);

} // namespace mp::detail

#endif // MP_LISTENER_H
