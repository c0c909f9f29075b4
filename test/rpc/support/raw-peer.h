// A peer of a server that the test plays byte by byte.
#ifndef MP_TEST_RPC_SUPPORT_RAW_PEER_H
#define MP_TEST_RPC_SUPPORT_RAW_PEER_H

#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <rpc/support/session.h>
#include <vector>

namespace mp::test {

using Bytes = std::vector<unsigned char>;

//! A server, and a socket by which the test talks to it.
class RawPeer
{
public:
    RawPeer();
    ~RawPeer() { close(); }

    void send(const Bytes& bytes);
    void shutdownWrite();
    void close();
    //! What the server sends until it closes.
    Bytes readAll();
    //! Wait until the server has noticed the end, and has nothing left of the connection.
    void expectClosed();

    EventLoop& loop() { return m_server.loop(); }
    Logs& logs() { return m_logs; }

private:
    Logs m_logs;
    ServiceImpl m_impl;
    LoopThread m_server;
    SocketId m_socket;
};

Bytes FromMessage(capnp::MessageBuilder& message);
//! The request for the server's first object, as question 0.
Bytes Bootstrap();
//! The same as the target of a call of one of its methods.
capnp::rpc::Call::Builder InitCall(capnp::MessageBuilder& message, uint32_t question, uint16_t method);
//! Such a call, without parameters.
Bytes CallOf(uint32_t question, uint16_t method);

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_RAW_PEER_H
