// Messages refer to the caller's bytes, and to those of results, where these are large.
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <fstream>
#include <future>
#include <gen/loops.h>
#include <gtest/gtest.h>
#include <kj/io.h>
#include <types/lend.capnp.h>
#include <types/lend.capnp.proxy.h>
#include <unistd.h>

namespace types {
namespace {

template <typename Byte>
std::vector<Byte> Pattern(size_t size)
{
    std::vector<Byte> bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<Byte>(i * 7 + i / 251);
    return bytes;
}

class LocalBulk : public Bulk
{
public:
    uint64_t size(const std::vector<unsigned char>& bytes) override { return bytes.size(); }
    std::vector<char> echo(std::vector<char> bytes) override { return bytes; }
    std::vector<std::byte> join(std::span<const std::byte> first, std::span<const std::byte> second) override
    {
        std::vector<std::byte> joined(first.begin(), first.end());
        joined.insert(joined.end(), second.begin(), second.end());
        return joined;
    }
    uint64_t own(const Twice& twice) override
    {
        const std::vector<char> half = Pattern<char>(twice.bytes.size() / 2);
        std::vector<char> expected(half);
        expected.insert(expected.end(), half.begin(), half.end());
        return twice.bytes == expected ? twice.bytes.size() : 0;
    }
    void update(std::vector<unsigned char>& bytes) override { std::reverse(bytes.begin(), bytes.end()); }
    uint64_t total(const std::vector<std::vector<char>>& all) override
    {
        uint64_t sum = 0;
        for (const auto& one : all) sum += one.size();
        return sum;
    }
    bool masked(const Masked& masked) override
    {
        masked.invert();
        return masked.bytes == Pattern<char>(masked.bytes.size());
    }
    uint64_t both(const std::vector<unsigned char>& bytes, const Twice& twice) override
    {
        return bytes.size() + twice.bytes.size();
    }
};

class LendTest : public mp::test::LoopsTest<messages::Bulk, LocalBulk>
{
};

TEST_F(LendTest, AllSizesArrive)
{
    for (const size_t size : {0, 1, 65535, 65536, 65537, 65543, 65544, 1'000'003}) {
        const auto bytes = Pattern<char>(size);
        EXPECT_EQ(m_client->echo(bytes), bytes) << size;
    }
}

TEST_F(LendTest, SeveralOfOneCallArrive)
{
    const auto bytes = Pattern<std::byte>(400'000);
    const std::span<const std::byte> all = bytes;
    for (const size_t middle : {0, 1, 8, 100, 200'000, 200'001, 399'999}) {
        EXPECT_EQ(m_client->join(all.first(middle), all.subspan(middle)), bytes) << middle;
    }
}

TEST_F(LendTest, TheSameBytesArriveTwice)
{
    const auto bytes = Pattern<std::byte>(400'003);
    const std::span<const std::byte> all = bytes;
    const std::pair<size_t, size_t> sizes[]{
        {100'000, all.size()}, {all.size(), 100'000}, {100'001, 100'003}, {all.size(), all.size()}};
    for (const auto& [first, second] : sizes) {
        std::vector<std::byte> expected(bytes.begin(), bytes.begin() + first);
        expected.insert(expected.end(), bytes.begin(), bytes.begin() + second);
        EXPECT_TRUE(m_client->join(all.first(first), all.first(second)) == expected) << first << " " << second;
    }
}

TEST_F(LendTest, ListsOfManyLargeElementsArrive)
{
    const std::vector<std::vector<char>> all(600, Pattern<char>(65'536));
    EXPECT_EQ(m_client->total(all), 600u * 65'536);
}

TEST_F(LendTest, ArgumentsAreUpdated)
{
    auto bytes = Pattern<unsigned char>(300'000);
    auto expected = bytes;
    std::reverse(expected.begin(), expected.end());
    m_client->update(bytes);
    EXPECT_TRUE(bytes == expected);
}

TEST_F(LendTest, NothingIsKeptOfARequestThatIsNotSent)
{
    const auto mapped = [] {
        std::ifstream maps{"/proc/self/statm"};
        size_t total = 0, resident = 0;
        maps >> total >> resident;
        return resident * static_cast<size_t>(getpagesize());
    };
    const std::vector<unsigned char> bytes(size_t{256} << 20, 1);
    const size_t before = mapped();
    EXPECT_EQ(failure([&] { m_client->both(bytes, Twice{}); }), "nothing to send");
    EXPECT_LE(mapped(), before + (size_t{40} << 20));
}

TEST_F(LendTest, WhatAHookChangesForAWhileIsCopied)
{
    EXPECT_TRUE(m_client->masked({Pattern<char>(1000)}));
    EXPECT_TRUE(m_client->masked({Pattern<char>(100'000)}));
}

TEST_F(LendTest, TemporariesAreCopied)
{
    EXPECT_EQ(m_client->own({Pattern<char>(100'000)}), 200'000u);
}

// A peer that the test plays, of a client that calls size().
class LendToPeer : public testing::Test
{
protected:
    //! More than both sockets take.
    static constexpr size_t SIZE = 4'000'003;

    LendToPeer()
    {
        int sockets[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) throw std::runtime_error("socketpair");
        m_socket = kj::AutoCloseFd(sockets[1]);
        std::promise<mp::EventLoop*> started;
        m_thread = std::thread([&started] {
            mp::EventLoop loop("client", [](mp::LogMessage message) {
                if (message.level == mp::Log::Raise) throw std::runtime_error(message.message);
            });
            started.set_value(&loop);
            loop.loop();
        });
        mp::EventLoop& loop = *started.get_future().get();
        const mp::EventLoopRef ref(loop);
        m_client = mp::ConnectStream<messages::Bulk>(loop, mp::MakeStream(loop, sockets[0]));
    }
    ~LendToPeer() noexcept override
    {
        m_client.reset();
        m_socket = nullptr;
        m_thread.join();
    }

    //! Call, and change the bytes as soon as the call has ended.
    void call()
    {
        m_call = std::async(std::launch::async, [this] {
            const auto change = [this] { std::fill(m_bytes.begin(), m_bytes.end(), 0xee); };
            std::string outcome;
            try {
                outcome = std::to_string(m_client->size(m_bytes));
            } catch (const std::exception& e) {
                outcome = e.what();
            }
            change();
            return outcome;
        });
    }

    //! The next message's first bytes are there: it is being sent.
    void expectRequestBegun()
    {
        capnp::StreamFdMessageReader bootstrap(m_socket.get());
        EXPECT_TRUE(bootstrap.getRoot<capnp::rpc::Message>().isBootstrap());
        char byte;
        ASSERT_EQ(recv(m_socket.get(), &byte, 1, MSG_PEEK), 1);
    }

    void answer(uint64_t size)
    {
        capnp::MallocMessageBuilder message;
        auto answer = message.initRoot<capnp::rpc::Message>().initReturn();
        answer.setAnswerId(1);
        answer.initResults().getContent().initAs<messages::Bulk::SizeResults>().setResult(size);
        capnp::writeMessageToFd(m_socket.get(), message);
    }

    void expectRequest(const std::vector<unsigned char>& bytes)
    {
        capnp::StreamFdMessageReader message(m_socket.get());
        const auto root = message.getRoot<capnp::rpc::Message>();
        ASSERT_TRUE(root.isCall());
        const auto sent = root.getCall().getParams().getContent().getAs<messages::Bulk::SizeParams>().getBytes();
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), sent.begin(), sent.end()));
    }

    std::vector<unsigned char> m_bytes{Pattern<unsigned char>(SIZE)};
    kj::AutoCloseFd m_socket;
    std::thread m_thread;
    std::unique_ptr<mp::ProxyClient<messages::Bulk>> m_client;
    std::future<std::string> m_call;
};

TEST_F(LendToPeer, BytesArriveThatChangeAfterAnEarlyAnswer)
{
    call();
    expectRequestBegun();
    answer(5);
    EXPECT_EQ(m_call.get(), "5");
    expectRequest(Pattern<unsigned char>(SIZE));
}

TEST_F(LendToPeer, BytesArriveThatChangeAfterTheConnectionIsClosed)
{
    call();
    expectRequestBegun();
    mp::EventLoop& loop = *m_client->m_context.loop;
    loop.sync([&] { delete m_client->m_context.connection; });
    EXPECT_EQ(m_call.get(), "IPC client method call interrupted by disconnect.");
    expectRequest(Pattern<unsigned char>(SIZE));
}

TEST_F(LendToPeer, BytesArriveThatAnEarlyAnswerReplaces)
{
    m_call = std::async(std::launch::async, [this] {
        m_client->update(m_bytes);
        return std::to_string(m_bytes.size());
    });
    expectRequestBegun();
    capnp::MallocMessageBuilder message;
    auto answer = message.initRoot<capnp::rpc::Message>().initReturn();
    answer.setAnswerId(1);
    answer.initResults().getContent().initAs<messages::Bulk::UpdateResults>().initBytes(3);
    capnp::writeMessageToFd(m_socket.get(), message);
    EXPECT_EQ(m_call.get(), "3");
    const auto expected = Pattern<unsigned char>(SIZE);
    capnp::StreamFdMessageReader request(m_socket.get());
    const auto call = request.getRoot<capnp::rpc::Message>().getCall();
    const auto sent = call.getParams().getContent().getAs<messages::Bulk::UpdateParams>().getBytes();
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), sent.begin(), sent.end()));
}

TEST_F(LendToPeer, BytesAreNotCopied)
{
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the test changes bytes while they are sent";
#endif
    call();
    expectRequestBegun();
    m_bytes.back() ^= 1;
    const std::vector<unsigned char> changed = m_bytes;
    expectRequest(changed);
    answer(SIZE);
    EXPECT_EQ(m_call.get(), std::to_string(SIZE));
}

} // namespace
} // namespace types
