// A client and a server of any interface in this process.
#ifndef MP_TEST_RPC_SUPPORT_SERVED_H
#define MP_TEST_RPC_SUPPORT_SERVED_H

#include <mp/proxy-io.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>

namespace mp::test {

//! An object served over one connection, and its client, each side with a loop of its own.
template <typename Interface, typename Impl>
class Served
{
public:
    template <typename... Args>
    explicit Served(Args&&... args)
        : impl(std::forward<Args>(args)...), m_client_thread(m_client_logs.options()),
          m_server_thread(m_server_logs.options())
    {
        const auto sockets = SocketPair();
        serverLoop().sync([&] { ServeStream<Interface>(serverLoop(), MakeStream(serverLoop(), sockets[0]), impl); });
        client = ConnectStream<Interface>(clientLoop(), MakeStream(clientLoop(), sockets[1]));
    }
    ~Served() { client.reset(); }

    EventLoop& clientLoop() { return m_client_thread.loop(); }
    EventLoop& serverLoop() { return m_server_thread.loop(); }
    Logs& clientLogs() { return m_client_logs; }
    Logs& serverLogs() { return m_server_logs; }
    void disconnectServer()
    {
        serverLoop().sync([&] { serverLoop().m_incoming_connections.clear(); });
    }

    Impl impl;
    std::unique_ptr<ProxyClient<Interface>> client;

private:
    Logs m_client_logs;
    Logs m_server_logs;
    LoopThread m_client_thread;
    LoopThread m_server_thread;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_SERVED_H
