#ifndef MP_RPC_SPAWN_H
#define MP_RPC_SPAWN_H

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

//! This process's end of a child's socket, while there is a connection over it. Any thread.
class ChildLink
{
public:
    //! @throws kj::Exception
    explicit ChildLink(const kj::AutoCloseFd& socket);

    //! The child is gone, whoever else has its socket: the connection ends after what it has read by then.
    void cut();
    //! The peer has closed the connection.
    void setBroken() { m_broken = true; }
    bool broken() const { return m_broken; }

private:
    kj::AutoCloseFd m_socket;
    std::atomic<bool> m_broken{false};
};

} // namespace detail

} // namespace mp

#endif // MP_RPC_SPAWN_H
