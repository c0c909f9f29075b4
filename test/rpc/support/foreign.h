// Peers made with nothing but Cap'n Proto, as programs in other languages are.
#ifndef MP_TEST_RPC_SUPPORT_FOREIGN_H
#define MP_TEST_RPC_SUPPORT_FOREIGN_H

#include <functional>
#include <kj/async-io.h>
#include <mp/util.h>
#include <rpc/support/service.capnp.h>
#include <thread>

namespace mp::test {

//! A client that a thread of its own runs, over KJ's stock stream.
class ForeignClient
{
public:
    using Fn = std::function<void(kj::AsyncIoContext& io, messages::Service::Client service)>;

    //! Connect over a socket, which is taken over, and run fn; then drop everything without a word.
    ForeignClient(SocketId socket, Fn fn);
    ~ForeignClient() { join(); }
    void join()
    {
        if (m_thread.joinable()) m_thread.join();
    }

private:
    std::thread m_thread;
};

//! A server that a thread of its own runs, until its peer closes, or it is told to stop.
class ForeignServer
{
public:
    ForeignServer(SocketId socket, std::function<kj::Own<messages::Service::Server>()> make);
    //! Waits for the end.
    ~ForeignServer();
    //! Close the connection.
    void stop();

private:
    SocketId m_stop[2];
    std::thread m_thread;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_FOREIGN_H
