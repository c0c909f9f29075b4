// A client and a server in this process, joined by a socket pair.
#ifndef MP_TEST_RPC_SUPPORT_SESSION_H
#define MP_TEST_RPC_SUPPORT_SESSION_H

#include <mp/proxy-io.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <rpc/support/service-impl.h>
#include <rpc/support/service.capnp.h>
#include <rpc/support/service.capnp.proxy.h>

namespace mp::test {

using ServiceClient = ProxyClient<messages::Service>;

//! Whether the two sides share an event loop.
enum class Loops { Two, One };

//! A server over one connection.
class Session
{
public:
    //! @param level  what is logged, and kept
    explicit Session(Loops loops = Loops::Two, Log level = LogOptions().log_level);
    ~Session();

    //! Connect a further client to the same object.
    std::unique_ptr<ServiceClient> connect();

    EventLoop& clientLoop() { return m_client_thread.loop(); }
    EventLoop& serverLoop() { return m_server_thread ? m_server_thread->loop() : m_client_thread.loop(); }
    Logs& clientLogs() { return m_client_logs; }
    Logs& serverLogs() { return m_server_thread ? m_server_logs : m_client_logs; }

    //! Close the connection on the server's side, or on the client's. Any thread.
    void disconnectServer();
    void disconnectClient();

    //! Destroy the client object, then the connection.
    void closeClient();

    //! Wait until the server's loop has ended, which is its own.
    void releaseServer();

    ServiceImpl impl;
    std::unique_ptr<ServiceClient> client;
    //! The client's side.
    std::unique_ptr<Connection> connection;

private:
    Logs m_client_logs;
    Logs m_server_logs;
    LoopThread m_client_thread;
    std::optional<LoopThread> m_server_thread;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_SESSION_H
