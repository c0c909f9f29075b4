#ifndef MP_LISTENER_H
#define MP_LISTENER_H

#include <memory>
#include <mp/connection.h>
#include <optional>
#include <string>

namespace mp {

class Listener;
namespace detail {
class Acceptor;
} // namespace detail

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
    //! Called owning the loop with each that connects, before anything is served. What it throws refuses the peer, which
    //! is told that text, and disconnected; both sides log it as a warning. It must not wait.
    PeerAuthorisation authorise{};

    // Of ListenAddress alone:

    //! How many connections wait in the system's queue; 0: as many as the system allows.
    int backlog{0};
    //! Permissions of the file that "unix:" makes. Who may write to it may connect.
    uint32_t mode{0600};
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

//! Accept connections and serve each, until the loop ends. Any thread.
void Listen(EventLoop& loop, SocketId socket, Bootstrap bootstrap, const ListenOptions& options);

//! The same on an address, until the result is destroyed.
std::unique_ptr<Listener> Listen(EventLoop& loop, const std::string& address, Bootstrap bootstrap,
                                 const ListenOptions& options);
} // namespace detail

//! An address that is listened on. The loop doesn't return while there is a Listener.
class Listener
{
public:
    //! Called by ListenAddress.
    Listener(EventLoop& loop, std::string address, std::shared_ptr<detail::Acceptor> acceptor);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    //! Stop listening, and remove the file that was made. Connections go on; what was served over them must stay. Any
    //! thread.
    ~Listener();

    //! What others connect to: the address as it was given, but with the port that the system has chosen, and for a
    //! socket that was handed over its own.
    const std::string& address() const { return m_address; }

private:
    const EventLoopRef m_loop;
    const std::string m_address;
    const std::shared_ptr<detail::Acceptor> m_acceptor;
};
} // namespace mp

#endif // MP_LISTENER_H
