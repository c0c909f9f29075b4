#ifndef MP_RPC_SPAWN_CONNECTED_H
#define MP_RPC_SPAWN_CONNECTED_H

#include "exit-watch.h"

#include <atomic>
#include <kj/io.h>
#include <mp/c/process.h>
#include <mp/function-ref.h>
#include <mp/process.h>
#include <mp/util.h>
#include <utility>
#include <vector>

namespace mp {

//! The strings as C takes them. Refers to them.
std::vector<char*> Pointers(const std::vector<std::string>& strings);

//! Start a child with a socket.
//! @param options  may be null
//! @return the child, and this process's end of its socket, which the caller owns
//! @throws std::system_error, and what make_argv throws
std::pair<Process, SocketId>
SpawnConnected(const mp_spawn_options* options,
               FunctionRef<std::vector<std::string>(const SpawnConnectInfo& connect_info)> make_argv);

namespace detail {

//! What ties a connection to a child. Lives as long as the connection.
class ChildLink
{
public:
    //! @param socket  this process's end; need not stay open
    //! @throws kj::Exception
    explicit ChildLink(const kj::AutoCloseFd& socket);

    //! The child is gone: the connection ends, whoever else has the child's socket, after what was sent. Any thread.
    void cut();
    //! Do that when the child ends. Owning the loop, like unwatch().
    //! @param process  stays until then
    void watch(Port& port, const Process& process);
    void unwatch() { m_watch = nullptr; }
    //! The peer has closed the connection. Any thread.
    void setBroken() { m_broken = true; }
    //! It has, or the child is gone. Any thread.
    bool broken() const { return m_broken; }

private:
    kj::AutoCloseFd m_socket;
    std::atomic<bool> m_broken{false};
    kj::Own<ExitWatch> m_watch;
};

} // namespace detail

} // namespace mp

#endif // MP_RPC_SPAWN_CONNECTED_H
