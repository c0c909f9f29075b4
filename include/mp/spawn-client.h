#ifndef MP_SPAWN_CLIENT_H
#define MP_SPAWN_CLIENT_H

#include <memory>
#include <mp/function-ref.h>
#include <mp/process.h>
#include <mp/proxy-io.h>
#include <mp/spawn.h>
#include <string>

namespace mp {

namespace detail {
class ChildLink;

//! Makes the client over a stream, as MakeClient does. As long as it runs, calls fail when the child ends.
//! @param name  the child's
using ConnectFn = FunctionRef<void(const std::string& name, Stream stream, FunctionRef<void(Connection&)> connected)>;

struct SpawnedChild
{
    std::string name;
    //! What ends the connection; gone when that is.
    std::weak_ptr<ChildLink> link;
};

//! Start a child with a socket, and connect to it.
//! @param process  the child; if this throws it has been reaped, unless it could not even be started
//! @param started  called when the child runs, before it is connected to
SpawnedChild SpawnConnected(EventLoop& loop, const SpawnOptions& options, Process& process, FunctionRef<void()> started,
                            ConnectFn connect);
} // namespace detail

//! A child, and the object that it serves.
template <typename InitInterface>
struct SpawnedClient
{
    Process process;
    //! Destroyed first: that closes the connection, which ends most children.
    std::unique_ptr<ProxyClient<InitInterface>> client;
};

//! Start a child, connect to it, and get the object that it serves. Any thread; on the loop thread only if the interface
//! has no "construct" method. Without the flag MP_SPAWN_KILL_ON_UNREF, the child runs on when its Process is destroyed.
//! Later calls fail when the connection ends: with the child, unless another process, such as one that it forked, has its
//! socket still.
//! @throws what Spawn() throws; std::runtime_error, which names the child and says how it ended, if it does before it
//!         answers "construct"; otherwise what the log function throws when "construct" fails. The child is killed then,
//!         and nothing is left.
template <typename InitInterface>
SpawnedClient<InitInterface> SpawnClient(EventLoop& loop, const SpawnOptions& options)
{
    SpawnedClient<InitInterface> spawned;
    detail::SpawnConnected(
        loop, options, spawned.process, [] {},
        [&](const std::string&, Stream stream, FunctionRef<void(Connection&)> connected) {
            spawned.client = detail::MakeClient<InitInterface>(loop, kj::mv(stream), connected);
        });
    return spawned;
}

} // namespace mp

#endif // MP_SPAWN_CLIENT_H
