#include <mp/rpc/fd-stream.h>

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <kj/debug.h>
#include <mp/event-loop.h>
#include <mp/rpc/reactor.h>
#include <mp/rpc/runtime.h>
#include <rpc/support/logs.h>
#include <support/process_state.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mp::test {
namespace {

//! Two streams that are each other's peer.
struct Ends
{
    kj::Own<FdStream> left;
    kj::Own<FdStream> right;
};

//! Of the last one each end is two descriptors of one socket, as sshd gives them to what it starts.
enum class Kind { Socket, Pipes, TwiceASocket };
constexpr const char* KIND_NAMES[] = {"Socket", "Pipes", "TwiceASocket"};

class FdStreams : public testing::TestWithParam<Kind>
{
public:
    ~FdStreams() noexcept override {}

protected:
    Ends makeEnds()
    {
        if (GetParam() != Kind::Pipes) {
            int fds[2];
            KJ_SYSCALL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
            if (GetParam() == Kind::Socket) return {make(fds[0]), make(fds[1])};
            return {make(fds[0], fcntl(fds[0], F_DUPFD_CLOEXEC, 0)), make(fds[1], fcntl(fds[1], F_DUPFD_CLOEXEC, 0))};
        }
        int forth[2];
        int back[2];
        KJ_SYSCALL(pipe2(forth, O_CLOEXEC));
        KJ_SYSCALL(pipe2(back, O_CLOEXEC));
        return {make(back[0], forth[1]), make(forth[0], back[1])};
    }
    kj::Own<FdStream> make(int socket) { return kj::heap<FdStream>(ReactorOf(m_loop).port(), kj::AutoCloseFd(socket)); }
    kj::Own<FdStream> make(int input, int output)
    {
        return kj::heap<FdStream>(ReactorOf(m_loop).port(), kj::AutoCloseFd(input), kj::AutoCloseFd(output));
    }
    template <typename T>
    T wait(kj::Promise<T> promise)
    {
        return promise.wait(m_loop.m_io_context.waitScope);
    }
    void write(FdStream& stream, const std::string& text) { wait(stream.write(text.data(), text.size())); }
    std::string read(FdStream& stream, size_t min_bytes, size_t max_bytes)
    {
        std::string text(max_bytes, '\0');
        text.resize(wait(stream.tryRead(text.data(), min_bytes, max_bytes)));
        return text;
    }

    Logs m_logs;
    EventLoop m_loop{"mptest", m_logs.fn()};
};
INSTANTIATE_TEST_SUITE_P(Kinds, FdStreams, testing::Values(Kind::Socket, Kind::Pipes, Kind::TwiceASocket),
                         [](const auto& info) { return KIND_NAMES[static_cast<int>(info.param)]; });

TEST_P(FdStreams, CarryBytesBothWays)
{
    auto ends = makeEnds();
    write(*ends.left, "hello");
    EXPECT_EQ(read(*ends.right, 5, 100), "hello");
    write(*ends.right, "there");
    EXPECT_EQ(read(*ends.left, 1, 3), "the");
    EXPECT_EQ(read(*ends.left, 2, 100), "re");
}

TEST_P(FdStreams, ReadsWaitForTheLeastNumberOfBytes)
{
    auto ends = makeEnds();
    std::string text(6, '\0');
    bool done = false;
    auto promise = ends.right->tryRead(text.data(), 6, 6)
                       .then([&](size_t n) {
                           done = true;
                           return n;
                       })
                       .eagerlyEvaluate(nullptr);
    for (const char* piece : {"ab", "cd", "e"}) {
        write(*ends.left, piece);
        m_loop.m_io_context.waitScope.poll();
        EXPECT_FALSE(done);
    }
    write(*ends.left, "f");
    EXPECT_EQ(wait(kj::mv(promise)), 6u);
    EXPECT_EQ(text, "abcdef");
}

TEST_P(FdStreams, WritesOfManyPiecesArriveWhole)
{
    auto ends = makeEnds();
    // More than one system call takes.
    std::vector<std::string> texts;
    std::string expected;
    for (int i = 0; i < 3000; ++i) {
        texts.push_back(i % 7 ? std::string(static_cast<size_t>(i % 50), static_cast<char>('a' + i % 26)) : "");
        expected += texts.back();
    }
    std::vector<kj::ArrayPtr<const kj::byte>> pieces;
    for (const auto& text : texts) {
        pieces.push_back(kj::arrayPtr(reinterpret_cast<const kj::byte*>(text.data()), text.size()));
    }
    auto writing = ends.left->write(kj::arrayPtr(pieces.data(), pieces.size())).eagerlyEvaluate(nullptr);
    EXPECT_EQ(read(*ends.right, expected.size(), expected.size()), expected);
    wait(kj::mv(writing));
}

TEST_P(FdStreams, WritesBeyondTheKernelsBufferWaitForTheReader)
{
    auto ends = makeEnds();
    const std::string text(8 << 20, 'x');
    bool done = false;
    auto writing = ends.left->write(text.data(), text.size()).then([&] { done = true; }).eagerlyEvaluate(nullptr);
    m_loop.m_io_context.waitScope.poll();
    EXPECT_FALSE(done);
    EXPECT_EQ(read(*ends.right, text.size(), text.size()), text);
    wait(kj::mv(writing));
    EXPECT_TRUE(done);
}

TEST_P(FdStreams, WriteOfNothingIsDoneAtOnce)
{
    auto ends = makeEnds();
    wait(ends.left->write(nullptr, 0));
    wait(ends.left->write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>>(nullptr)));
    const kj::ArrayPtr<const kj::byte> empty[2];
    wait(ends.left->write(kj::arrayPtr(empty, 2)));
}

TEST_P(FdStreams, EndAfterTheOtherIsGone)
{
    auto ends = makeEnds();
    write(*ends.left, "last words");
    ends.left = nullptr;
    EXPECT_EQ(read(*ends.right, 100, 100), "last words");
    EXPECT_EQ(read(*ends.right, 1, 100), "");
}

TEST_P(FdStreams, EndWhileAReadWaits)
{
    auto ends = makeEnds();
    char byte;
    auto reading = ends.right->tryRead(&byte, 1, 1).eagerlyEvaluate(nullptr);
    m_loop.m_io_context.waitScope.poll();
    ends.left = nullptr;
    EXPECT_EQ(wait(kj::mv(reading)), 0u);
}

TEST_P(FdStreams, EndAfterShutdownWriteIsOneWay)
{
    auto ends = makeEnds();
    write(*ends.left, "bye");
    ends.left->shutdownWrite();
    ends.left->shutdownWrite(); // again: nothing
    EXPECT_EQ(read(*ends.right, 100, 100), "bye");
    write(*ends.right, "answer");
    EXPECT_EQ(read(*ends.left, 6, 6), "answer");
}

TEST_P(FdStreams, WriteToAGonePeerFailsWithoutASignal)
{
    auto ends = makeEnds();
    ends.right = nullptr;
    // With the default disposition the signal would end the process.
    const auto disposition = signal(SIGPIPE, SIG_DFL);
    kj::Maybe<kj::Exception> error;
    for (int i = 0; i < 3 && error == nullptr; ++i) {
        error = kj::runCatchingExceptions([&] { write(*ends.left, "x"); });
    }
    KJ_IF_MAYBE (e, error) {
        EXPECT_EQ(e->getType(), kj::Exception::Type::DISCONNECTED);
    } else {
        ADD_FAILURE() << "no exception";
    }
    sigset_t pending;
    sigpending(&pending);
    signal(SIGPIPE, disposition);
    EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST_P(FdStreams, WhenWriteDisconnectedTellsThatThePeerIsGone)
{
    auto ends = makeEnds();
    auto gone = ends.left->whenWriteDisconnected();
    EXPECT_FALSE(gone.poll(m_loop.m_io_context.waitScope));
    ends.right = nullptr;
    wait(kj::mv(gone));
    wait(ends.left->whenWriteDisconnected());
}

TEST_P(FdStreams, MakeTheirDescriptorsNonBlockingAndCloseThem)
{
    const auto before = Descriptors();
    auto ends = makeEnds();
    EXPECT_EQ(Descriptors().size(), before.size() + (GetParam() == Kind::Socket ? 2 : 4));
    ends = Ends{};
    EXPECT_EQ(Descriptors(), before);
}

class FdStreamSocket : public FdStreams
{
public:
    ~FdStreamSocket() noexcept override {}
};
INSTANTIATE_TEST_SUITE_P(Kinds, FdStreamSocket, testing::Values(Kind::Socket), [](const auto&) { return "Socket"; });

TEST_P(FdStreamSocket, PassesDescriptors)
{
    auto ends = makeEnds();
    int pipe_fds[2];
    KJ_SYSCALL(pipe2(pipe_fds, O_CLOEXEC));
    const kj::AutoCloseFd pipe_read(pipe_fds[0]);
    kj::AutoCloseFd pipe_write(pipe_fds[1]);
    const int passed[] = {pipe_write.get()};
    wait(ends.left->writeWithFds(kj::StringPtr("fd").asBytes(), nullptr, passed));
    pipe_write = kj::AutoCloseFd();
    char buffer[8];
    kj::AutoCloseFd received[4];
    const auto result = wait(ends.right->tryReadWithFds(buffer, 2, sizeof(buffer), received, 4));
    EXPECT_EQ(result.byteCount, 2u);
    ASSERT_EQ(result.capCount, 1u);
    EXPECT_EQ(fcntl(received[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ASSERT_EQ(::write(received[0], "through", 7), 7);
    ASSERT_EQ(::read(pipe_read, buffer, sizeof(buffer)), 7);
    EXPECT_EQ(std::string(buffer, 7), "through");
}

TEST_P(FdStreamSocket, ClosesDescriptorsThatNobodyAskedFor)
{
    auto ends = makeEnds();
    const auto before = Descriptors();
    const int passed[] = {0, 1, 2};
    char buffer[8];
    kj::AutoCloseFd received[1];
    wait(ends.left->writeWithFds(kj::StringPtr("fd").asBytes(), nullptr, passed));
    const auto result = wait(ends.right->tryReadWithFds(buffer, 2, sizeof(buffer), received, 1));
    EXPECT_EQ(result.capCount, 1u);
    received[0] = kj::AutoCloseFd();
    EXPECT_EQ(Descriptors(), before);
    // A read that takes no descriptors at all.
    wait(ends.left->writeWithFds(kj::StringPtr("fd").asBytes(), nullptr, passed));
    EXPECT_EQ(read(*ends.right, 2, 8), "fd");
    EXPECT_EQ(Descriptors(), before);
}

TEST_P(FdStreamSocket, PassesStreams)
{
    auto ends = makeEnds();
    auto inner = makeEnds();
    wait(ends.left->sendStream(kj::mv(inner.right)));
    auto received = wait(ends.right->receiveStream());
    write(*inner.left, "inner");
    char buffer[5];
    wait(received->read(buffer, 5));
    EXPECT_EQ(std::string(buffer, 5), "inner");
}

TEST_P(FdStreamSocket, KnowsItsDescriptorAndOptions)
{
    auto ends = makeEnds();
    int size = 0;
    kj::uint length = sizeof(size);
    ends.left->getsockopt(SOL_SOCKET, SO_SNDBUF, &size, &length);
    EXPECT_GT(size, 0);
    KJ_IF_MAYBE (fd, ends.left->getFd()) {
        EXPECT_EQ(fcntl(*fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    } else {
        ADD_FAILURE() << "no descriptor";
    }
}

TEST_P(FdStreamSocket, RefusesADescriptorThatIsNoSocket)
{
    const auto before = Descriptors();
    int fds[2];
    KJ_SYSCALL(pipe2(fds, O_CLOEXEC));
    const int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    for (const int fd : {fds[0], fds[1], file}) {
        const auto error = kj::runCatchingExceptions([&] { make(fd); });
        KJ_IF_MAYBE (e, error) {
            EXPECT_NE(std::string(e->getDescription().cStr()).find("no socket"), std::string::npos);
        } else {
            ADD_FAILURE() << "no exception";
        }
    }
    EXPECT_EQ(Descriptors(), before);
}

} // namespace
} // namespace mp::test
