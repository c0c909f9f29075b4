#include <rpc/support/raw-peer.h>

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <cerrno>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mp::test {

RawPeer::RawPeer() : m_server(m_logs.options())
{
    const auto sockets = SocketPair();
    m_socket = sockets[1];
    loop().sync([&] { ServeStream<messages::Service>(loop(), MakeStream(loop(), sockets[0]), m_impl); });
}

void RawPeer::send(const Bytes& bytes)
{
    const ssize_t n = ::send(m_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // The server may have closed already, because of what came before.
    ASSERT_TRUE(n == static_cast<ssize_t>(bytes.size()) || (n < 0 && (errno == EPIPE || errno == ECONNRESET))) << n;
}

void RawPeer::shutdownWrite() { ::shutdown(m_socket, SHUT_WR); }

void RawPeer::close()
{
    if (m_socket != SocketError) ::close(m_socket);
    m_socket = SocketError;
}

Bytes RawPeer::readAll()
{
    Bytes all;
    unsigned char buffer[4096];
    for (;;) {
        pollfd entry{m_socket, POLLIN, 0};
        if (poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(DEADLINE).count())) != 1) {
            ADD_FAILURE() << "the server did not close";
            return all;
        }
        const ssize_t n = recv(m_socket, buffer, sizeof(buffer), 0);
        if (n <= 0) return all;
        all.insert(all.end(), buffer, buffer + n);
    }
}

void RawPeer::expectClosed()
{
    EXPECT_TRUE(m_logs.waitFor("IPC server: socket disconnected.")) << m_logs.all();
    loop().sync([&] { EXPECT_TRUE(loop().m_incoming_connections.empty()); });
    EXPECT_EQ(m_logs.countLevel(Log::Raise), 0u);
}

Bytes FromMessage(capnp::MessageBuilder& message)
{
    const auto words = capnp::messageToFlatArray(message);
    const auto bytes = words.asBytes();
    return Bytes(bytes.begin(), bytes.end());
}

Bytes Bootstrap()
{
    capnp::MallocMessageBuilder message;
    message.initRoot<capnp::rpc::Message>().initBootstrap().setQuestionId(0);
    return FromMessage(message);
}

capnp::rpc::Call::Builder InitCall(capnp::MessageBuilder& message, uint32_t question, uint16_t method)
{
    auto call = message.initRoot<capnp::rpc::Message>().initCall();
    call.setQuestionId(question);
    call.setInterfaceId(capnp::typeId<messages::Service>());
    call.setMethodId(method);
    call.initTarget().initPromisedAnswer().setQuestionId(0);
    return call;
}

Bytes CallOf(uint32_t question, uint16_t method)
{
    capnp::MallocMessageBuilder message;
    InitCall(message, question, method);
    return FromMessage(message);
}

} // namespace mp::test
