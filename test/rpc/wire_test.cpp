// Peers that don't speak the protocol, or stop in the middle of it.
#include <capnp/rpc.capnp.h>
#include <gtest/gtest.h>
#include <rpc/support/raw-peer.h>
#include <support/process_state.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mp::test {
namespace {

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
    for (uint32_t question = 1; question < 3000; ++question) peer.send(CallOf(question, 1));
    peer.loop().sync([] {});
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

TEST(BadWire, GarbageFromAServerFailsTheCallAndIsShown)
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
    const std::string why = "message has too many segments, or is none: 'HTTP/1.1 400 Bad Request\\0d\\0a\\0d\\0a'; does ";
    EXPECT_NE(error.find("failed: IPC connection ended: " + why), std::string::npos) << error;
    EXPECT_TRUE(logs.waitFor("IPC connection failed: " + why)) << logs.all();
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
