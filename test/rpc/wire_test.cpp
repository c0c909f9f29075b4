// Peers that don't speak the protocol, or stop in the middle of it.
#include <gtest/gtest.h>

#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <poll.h>
#include <rpc/support/session.h>
#include <support/process_state.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mp::test {
namespace {

using Bytes = std::vector<unsigned char>;

//! A server, and a socket by which the test talks to it byte by byte.
class RawPeer
{
public:
    RawPeer() : m_server(m_logs.options())
    {
        const auto sockets = SocketPair();
        m_socket = sockets[1];
        EventLoop& loop = m_server.loop();
        loop.sync([&] { ServeStream<messages::Service>(loop, MakeStream(loop, sockets[0]), m_impl); });
    }
    ~RawPeer() { close(); }

    void send(const Bytes& bytes)
    {
        ASSERT_EQ(::send(m_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    void shutdownWrite() { ::shutdown(m_socket, SHUT_WR); }
    void close()
    {
        if (m_socket >= 0) ::close(m_socket);
        m_socket = -1;
    }
    //! What the server sends until it closes.
    Bytes readAll()
    {
        Bytes all;
        unsigned char buffer[4096];
        for (;;) {
            pollfd entry{m_socket, POLLIN, 0};
            if (poll(&entry, 1, std::chrono::milliseconds(DEADLINE).count()) != 1) {
                ADD_FAILURE() << "the server did not close";
                return all;
            }
            const ssize_t n = recv(m_socket, buffer, sizeof(buffer), 0);
            if (n <= 0) return all;
            all.insert(all.end(), buffer, buffer + n);
        }
    }
    //! The server has noticed, and has nothing left of the connection.
    void expectClosed()
    {
        EXPECT_TRUE(m_logs.waitFor("IPC server: socket disconnected.")) << m_logs.all();
        EventLoop& loop = m_server.loop();
        loop.sync([&] { EXPECT_TRUE(loop.m_incoming_connections.empty()); });
        EXPECT_EQ(m_logs.countLevel(Log::Raise), 0u);
    }

    Logs& logs() { return m_logs; }
    LoopThread& server() { return m_server; }
    int socket() const { return m_socket; }

private:
    Logs m_logs;
    ServiceImpl m_impl;
    LoopThread m_server;
    int m_socket;
};

Bytes FromMessage(capnp::MessageBuilder& message)
{
    const auto words = capnp::messageToFlatArray(message);
    const auto bytes = words.asBytes();
    return Bytes(bytes.begin(), bytes.end());
}

//! The request for the server's first object.
Bytes Bootstrap()
{
    capnp::MallocMessageBuilder message;
    message.initRoot<capnp::rpc::Message>().initBootstrap().setQuestionId(0);
    return FromMessage(message);
}

//! A call of a method of the bootstrap object.
Bytes CallOf(uint32_t question, uint16_t method)
{
    capnp::MallocMessageBuilder message;
    auto call = message.initRoot<capnp::rpc::Message>().initCall();
    call.setQuestionId(question);
    call.setInterfaceId(capnp::typeId<messages::Service>());
    call.setMethodId(method);
    call.initTarget().initPromisedAnswer().setQuestionId(0);
    return FromMessage(message);
}

TEST(BadWire, GarbageEndsTheConnection)
{
    RawPeer peer;
    const std::string text = "GET / HTTP/1.1\r\nHost: example\r\n\r\n";
    peer.send(Bytes(text.begin(), text.end()));
    peer.readAll();
    peer.expectClosed();
}

TEST(BadWire, GarbageOfEveryByteEndsTheConnection)
{
    for (const int byte : {0x00, 0x01, 0x0f, 0x7f, 0x80, 0xfe, 0xff}) {
        SCOPED_TRACE(byte);
        RawPeer peer;
        peer.send(Bytes(4096, static_cast<unsigned char>(byte)));
        peer.shutdownWrite();
        peer.readAll();
        peer.expectClosed();
    }
}

TEST(BadWire, GarbageAfterAMessageEndsTheConnection)
{
    RawPeer peer;
    Bytes bytes = Bootstrap();
    bytes.insert(bytes.end(), 64, 0xff);
    peer.send(bytes);
    EXPECT_FALSE(peer.readAll().empty());
    peer.expectClosed();
}

TEST(BadWire, TruncatedMessageEndsTheConnection)
{
    const Bytes whole = CallOf(1, 1);
    for (size_t size = 1; size < whole.size(); size += 7) {
        SCOPED_TRACE(size);
        RawPeer peer;
        peer.send(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)));
        peer.close();
        peer.expectClosed();
    }
}

TEST(BadWire, EveryBitOfAMessageMayBeWrong)
{
    Bytes whole = Bootstrap();
    const Bytes call = CallOf(1, 1);
    whole.insert(whole.end(), call.begin(), call.end());
    for (size_t bit = 0; bit < whole.size() * 8; bit += 3) {
        SCOPED_TRACE(bit);
        Bytes bytes = whole;
        bytes[bit / 8] ^= static_cast<unsigned char>(1 << (bit % 8));
        RawPeer peer;
        peer.send(bytes);
        peer.close();
        peer.expectClosed();
    }
}

TEST(BadWire, UnknownMessagesAreAnsweredOrEndTheConnection)
{
    for (uint16_t which = 0; which < 20; ++which) {
        SCOPED_TRACE(which);
        capnp::MallocMessageBuilder message;
        auto root = message.initRoot<capnp::rpc::Message>();
        root.initAbort();
        // The discriminant stands in the first two bytes of the data.
        Bytes bytes = FromMessage(message);
        bytes[16] = static_cast<unsigned char>(which);
        RawPeer peer;
        peer.send(bytes);
        peer.shutdownWrite();
        peer.readAll();
        peer.expectClosed();
    }
}

TEST(BadWire, AbortEndsTheConnectionQuietly)
{
    RawPeer peer;
    capnp::MallocMessageBuilder message;
    message.initRoot<capnp::rpc::Message>().initAbort().setReason("enough");
    peer.send(FromMessage(message));
    peer.readAll();
    peer.expectClosed();
}

TEST(BadWire, HalfOpenPeerStillGetsItsAnswer)
{
    RawPeer peer;
    Bytes bytes = Bootstrap();
    const Bytes call = CallOf(1, 1);
    bytes.insert(bytes.end(), call.begin(), call.end());
    peer.send(bytes);
    peer.shutdownWrite();
    EXPECT_FALSE(peer.readAll().empty());
    peer.expectClosed();
}

TEST(BadWire, PeerThatNeverReadsIsCutOffWhenItGoes)
{
    RawPeer peer;
    peer.send(Bootstrap());
    // Answers fill the socket; the server goes on, and holds what the peer doesn't take.
    const Bytes call = CallOf(1, 1);
    for (uint32_t question = 1; question < 3000; ++question) peer.send(CallOf(question, 1));
    peer.server().loop().sync([] {});
    peer.close();
    peer.expectClosed();
}

TEST(BadWire, CallsOfUnknownMethodsAreRefused)
{
    RawPeer peer;
    peer.send(Bootstrap());
    peer.send(CallOf(1, 999));
    peer.shutdownWrite();
    EXPECT_FALSE(peer.readAll().empty());
    peer.expectClosed();
}

TEST(BadWire, GarbageFromAServerFailsTheCall)
{
    Logs logs;
    LoopThread client(logs.options());
    const auto sockets = SocketPair();
    const std::string text = "HTTP/1.1 400 Bad Request\r\n\r\n";
    ASSERT_EQ(::send(sockets[0], text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    std::string error;
    try {
        ConnectStream<messages::Service>(client.loop(), MakeStream(client.loop(), sockets[1]));
    } catch (const std::exception& e) {
        error = e.what();
    }
    EXPECT_EQ(error, "IPC client method call interrupted by disconnect.");
    CloseSocket(sockets[0]);
    client.release();
}

TEST(BadWire, DescriptorThatIsNoSocketIsRefused)
{
    Logs logs;
    LoopThread client(logs.options());
    const auto before = Descriptors();
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const int file = memfd_create("file", 0);
    for (const int fd : {pipe_fds[0], pipe_fds[1], file, 987654, -1}) {
        std::string error;
        try {
            MakeStream(client.loop(), fd);
        } catch (const kj::Exception& e) {
            error = e.getDescription().cStr();
        }
        EXPECT_NE(error, "") << fd;
        if (fd == file) {
            EXPECT_NE(error.find("no socket"), std::string::npos) << error;
        }
    }
    EXPECT_EQ(Descriptors(), before); // taken over, and closed
    client.loop().sync([] {});
}

} // namespace
} // namespace mp::test
