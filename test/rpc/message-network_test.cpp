#include <rpc/support/network-pair.h>

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <mp/proxy-bytes.h>
#include <mp/rpc/word-block.h>
#include <rpc/support/signal.h>
#include <unistd.h>

namespace mp::test {
namespace {

kj::Array<kj::byte> Pattern(size_t size)
{
    auto bytes = kj::heapArray<kj::byte>(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<kj::byte>(i * 7 + i / 251);
    return bytes;
}

class Networks : public testing::TestWithParam<Transport>
{
protected:
    kj::Promise<bool> echo(NetworkPair& pair, size_t size) { return echo(pair.remote, size); }
    kj::Promise<bool> echo(plain::Plain::Client& remote, size_t size)
    {
        auto request = remote.echoRequest();
        auto bytes = Pattern(size);
        request.setBytes(bytes);
        return request.send().then([bytes = kj::mv(bytes)](auto&& response) {
            return response.getBytes() == bytes.asPtr();
        });
    }
};
INSTANTIATE_TEST_SUITE_P(Transports, Networks, testing::Values(Transport::Socket, Transport::Memory),
                         [](const auto& info) { return info.param == Transport::Socket ? "Socket" : "Memory"; });

TEST_P(Networks, CarryCalls)
{
    NetworkPair pair(GetParam());
    EXPECT_TRUE(echo(pair, 10).wait(pair.scope()));
    EXPECT_TRUE(echo(pair, 0).wait(pair.scope()));
}

TEST_P(Networks, CarryMessagesOfAllSizes)
{
    NetworkPair pair(GetParam());
    // Around the inline room, the copied size, the scratch space, and beyond the sockets' buffers.
    for (const size_t size : {500u, 511u, 512u, 513u, 16000u, 16384u, 16400u, 65535u, 65536u, 65537u, 1000000u}) {
        EXPECT_TRUE(echo(pair, size).wait(pair.scope())) << size;
    }
    EXPECT_TRUE(echo(pair, 8 << 20).wait(pair.scope()));
}

// Memory of an earlier message holds what may be none of the peer's business.
TEST_P(Networks, SendNothingOfEarlierMessages)
{
    constexpr size_t SIZE = 200'001;
    NetworkPair pair(GetParam());
    const auto leave_dirt = [] {
        const WordBlock used(SIZE / sizeof(capnp::word) + 2, WordBlock::Content::Any);
        memset(used.words().asBytes().begin(), 0xff, used.words().asBytes().size());
    };
    leave_dirt();
    auto zero = pair.remote.echoRequest();
    for (const kj::byte byte : zero.initBytes(SIZE)) ASSERT_EQ(byte, 0);

    leave_dirt();
    auto overwritten = pair.remote.echoRequest();
    const auto bytes = [&] {
        const detail::Overwrites overwrites(SIZE);
        return overwritten.initBytes(SIZE);
    }();
    EXPECT_EQ(bytes[0], 0xff);
    // It ends with seven more.
    for (size_t i = SIZE; i % sizeof(capnp::word) != 0; ++i) EXPECT_EQ(bytes.begin()[i], 0);
}

TEST_P(Networks, CarryManyCallsOfOneTurn)
{
    NetworkPair pair(GetParam());
    kj::Vector<kj::Promise<bool>> promises;
    for (int i = 0; i < 2000; ++i) promises.add(echo(pair, static_cast<size_t>(i % 40) * (i % 10 == 0 ? 1000 : 10)));
    for (auto& promise : promises) EXPECT_TRUE(promise.wait(pair.scope()));
    EXPECT_EQ(pair.impl->calls, 2000);
}

TEST_P(Networks, CarryLargeAndSmallMessagesInOrder)
{
    NetworkPair pair(GetParam());
    std::vector<int> order;
    kj::Vector<kj::Promise<void>> promises;
    for (int i = 0; i < 30; ++i) {
        promises.add(echo(pair, i % 3 == 0 ? 300000 : 10).then([&order, i](bool right) {
            EXPECT_TRUE(right);
            order.push_back(i);
        }).eagerlyEvaluate(nullptr));
    }
    for (auto& promise : promises) promise.wait(pair.scope());
    for (int i = 0; i < 30; ++i) EXPECT_EQ(order[i], i);
}

TEST_P(Networks, DeliverReleasesOnClose)
{
    NetworkPair pair(GetParam());
    auto child = pair.remote.makeRequest().send().wait(pair.scope()).getChild();
    EXPECT_EQ(pair.impl->children, 1);
    { const auto released = kj::mv(child); }
    auto closed = pair.server_network->onDisconnect();
    // In the same turn as the release.
    pair.remote = nullptr;
    pair.client.reset();
    EXPECT_TRUE(pair.client_network->close() || GetParam() == Transport::Memory);
    auto object = pair.impl;
    EXPECT_EQ(object->children, 1);
    closed.wait(pair.scope());
}

TEST_P(Networks, TellTheEnd)
{
    NetworkPair pair(GetParam());
    EXPECT_TRUE(echo(pair, 10).wait(pair.scope()));
    auto held = pair.remote.holdRequest().send();
    auto held_fails = held.then([](auto&&) { return std::string("answered"); },
                                [](kj::Exception&& e) {
                                    return std::string(e.getType() == kj::Exception::Type::DISCONNECTED ? "disconnected"
                                                                                                        : "failed");
                                }).eagerlyEvaluate(nullptr);
    auto closed = pair.client_network->onDisconnect();
    pair.dropServer();
    EXPECT_EQ(held_fails.wait(pair.scope()), "disconnected");
    closed.wait(pair.scope());
}

TEST_P(Networks, StreamingCallsHaveAWindow)
{
    NetworkPair pair(GetParam());
    const auto bytes = Pattern(10000);
    size_t sent = 0;
    for (int i = 0; i < 200; ++i) {
        auto request = pair.remote.pushRequest();
        request.setBytes(bytes);
        auto promise = request.send();
        promise.wait(pair.scope());
        sent += bytes.size();
        // No more is on the way than the window, and a message.
        EXPECT_LE(sent - pair.impl->pushed, size_t{4} << 20);
    }
    EXPECT_TRUE(echo(pair, 1).wait(pair.scope()));
    EXPECT_EQ(pair.impl->pushed, sent);
}

TEST_P(Networks, StreamingEndsWithThem)
{
    NetworkPair pair(GetParam());
    plain::Plain::Client kept = pair.remote;
    const auto bytes = Pattern(100000);
    auto push = [&] {
        auto request = kept.pushRequest();
        request.setBytes(bytes);
        return request.send();
    };
    kj::Vector<kj::Promise<void>> promises;
    for (int i = 0; i < 20; ++i) promises.add(push());
    pair.dropClient();
    promises.add(push());
    for (auto& promise : promises) kj::runCatchingExceptions([&] { promise.wait(pair.scope()); });
    EXPECT_THROW(push().wait(pair.scope()), kj::Exception);
}

TEST_P(Networks, AMessageTooLargeToSendFailsItsCallOnly)
{
    Limits limits;
    limits.max_message_bytes = 80000;
    NetworkPair pair(GetParam(), limits);
    const auto error = kj::runCatchingExceptions([&] { echo(pair, 200000).wait(pair.scope()); });
    KJ_IF_MAYBE (e, error) {
        EXPECT_NE(std::string(e->getDescription().cStr()).find("too large to send"), std::string::npos)
            << e->getDescription().cStr();
    } else {
        ADD_FAILURE() << "no exception";
    }
    EXPECT_TRUE(echo(pair, 10).wait(pair.scope()));
}

TEST_P(Networks, AnAnswerTooLargeToSendFailsItsCallOnly)
{
    Limits limits;
    limits.max_message_bytes = 80000;
    NetworkPair pair(GetParam(), {}, limits);
    // The parameters are just below the limit, the results, with more around them, just above.
    size_t size = 79000;
    kj::Maybe<kj::Exception> error;
    // Somewhere between, the answer is refused, and the request is not.
    for (; size < 80000 && error == nullptr; size += 8) {
        error = kj::runCatchingExceptions([&] { echo(pair, size).wait(pair.scope()); });
    }
    EXPECT_NE(error, nullptr);
    pair.dropClient();
}

TEST_P(Networks, AMessageTooLargeToReceiveEndsTheConnection)
{
    Limits limits;
    limits.max_message_bytes = 80000;
    NetworkPair pair(GetParam(), {}, limits);
    EXPECT_TRUE(echo(pair, 10).wait(pair.scope()));
    auto closed = pair.server_network->onDisconnect();
    const auto error = kj::runCatchingExceptions([&] { echo(pair, 200000).wait(pair.scope()); });
    EXPECT_NE(error, nullptr);
    EXPECT_EQ(pair.impl->calls, 1);
    closed.wait(pair.scope());
}

TEST_P(Networks, APeerThatDoesNotReadIsCutOff)
{
    Limits limits;
    limits.max_queued_bytes = 1 << 20;
    NetworkPair pair(GetParam(), limits);
    EXPECT_TRUE(echo(pair, 10).wait(pair.scope()));
    auto closed = pair.client_network->onDisconnect();
    // The server runs on the same loop, and gets no turn while this goes on.
    kj::Vector<kj::Promise<bool>> promises;
    for (int i = 0; i < 20; ++i) promises.add(echo(pair, 100000));
    int disconnected = 0;
    std::string description;
    for (auto& promise : promises) {
        const auto error = kj::runCatchingExceptions([&] { promise.wait(pair.scope()); });
        KJ_IF_MAYBE (e, error) {
            disconnected += e->getType() == kj::Exception::Type::DISCONNECTED;
            description = e->getDescription().cStr();
        }
    }
    EXPECT_GT(disconnected, 0);
    EXPECT_NE(description.find("does not read"), std::string::npos) << description;
    closed.wait(pair.scope());
}

// One side stops to serve while its output waits. If both did, neither would read what the other one waits to send.
TEST_P(Networks, GoOnWhenMuchWaitsOnBothSides)
{
    Limits limits;
    limits.max_waiting_bytes = 1 << 16;
    NetworkPair pair(GetParam(), limits, limits);
    capnp::MallocMessageBuilder id;
    auto client_id = id.initRoot<capnp::rpc::twoparty::VatId>();
    client_id.setSide(capnp::rpc::twoparty::Side::CLIENT);
    auto of_client = pair.server->bootstrap(client_id).castAs<plain::Plain>();
    kj::Vector<kj::Promise<bool>> promises;
    for (int i = 0; i < 20; ++i) {
        promises.add(echo(pair.remote, 300000));
        promises.add(echo(of_client, 300000));
    }
    const auto deadline = std::chrono::nanoseconds(DEADLINE).count() * kj::NANOSECONDS;
    auto& timer = pair.loop.m_io_context.provider->getTimer();
    for (bool right : timer.timeoutAfter(deadline, kj::joinPromises(promises.releaseAsArray())).wait(pair.scope())) {
        EXPECT_TRUE(right);
    }
}

TEST_P(Networks, FlushBeforeTheyClose)
{
    NetworkPair pair(GetParam());
    EXPECT_TRUE(echo(pair, 10).wait(pair.scope()));
    // Much more than the socket takes at once.
    for (int i = 0; i < 20; ++i) {
        auto request = pair.remote.pushRequest();
        request.setBytes(Pattern(500000));
        request.send().detach([](kj::Exception&&) {});
    }
    pair.remote = nullptr;
    pair.client.reset();
    if (!pair.client_network->close()) pair.client_network->finish().wait(pair.scope());
    // Nobody takes the server's answers any more.
    pair.dropClient();
    // The server reads what is left, then sees the end.
    pair.server_network->onDisconnect().wait(pair.scope());
}

//! A client whose server the test plays, byte by byte, over a socket or over two pipes.
class PlayedServer
{
public:
    explicit PlayedServer(bool pipes) : loop("mptest", logs.fn())
    {
        Stream stream;
        if (pipes) {
            int requests[2];
            int answers[2];
            EXPECT_EQ(pipe2(requests, O_CLOEXEC), 0);
            EXPECT_EQ(pipe2(answers, O_CLOEXEC), 0);
            from_client = requests[0];
            to_client = answers[1];
            stream = MakeStream(loop, answers[0], requests[1]);
        } else {
            const auto sockets = SocketPair();
            from_client = sockets[1];
            to_client = dup(sockets[1]);
            stream = MakeStream(loop, sockets[0]);
        }
        network = std::make_unique<MessageNetwork>(ReactorOf(loop), kj::mv(stream), capnp::rpc::twoparty::Side::CLIENT);
        client.emplace(capnp::makeRpcClient(*network));
        ServerVatId vat_id;
        remote = client->bootstrap(vat_id.vat_id).castAs<plain::Plain>();
    }
    ~PlayedServer()
    {
        remote = nullptr;
        client.reset();
        network.reset();
    }

    kj::WaitScope& scope() { return loop.m_io_context.waitScope; }

    //! Answer a question, as a server that goes right afterwards.
    void answer(uint32_t question, size_t size = 0)
    {
        capnp::MallocMessageBuilder message;
        auto result = message.initRoot<capnp::rpc::Message>().initReturn();
        result.setAnswerId(question);
        auto payload = result.initResults().initContent();
        payload.initAs<plain::Plain::EchoResults>().setBytes(Pattern(size));
        const auto words = capnp::messageToFlatArray(message);
        const auto bytes = words.asBytes();
        ASSERT_EQ(write(to_client, bytes.begin(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    void leave()
    {
        close(from_client);
        close(to_client);
    }

    Logs logs;
    EventLoop loop;
    int from_client;
    int to_client;
    std::unique_ptr<MessageNetwork> network;
    std::optional<capnp::RpcSystem<capnp::rpc::twoparty::VatId>> client;
    plain::Plain::Client remote{nullptr};
};
class LastWords : public testing::TestWithParam<bool>
{
};
INSTANTIATE_TEST_SUITE_P(Streams, LastWords, testing::Bool(),
                         [](const auto& info) { return info.param ? "Pipes" : "Socket"; });

TEST_P(LastWords, AreHeardAlsoWhenAWriteFails)
{
    PlayedServer server(GetParam());
    auto first = server.remote.echoRequest().send();
    auto second = server.remote.echoRequest().send();
    auto unanswered = server.remote.holdRequest().send();
    // All is sent, and all is read.
    server.scope().poll();
    server.answer(1);
    server.answer(2, 20000);
    server.leave();
    // Before the loop has heard of it.
    auto late = server.remote.holdRequest().send();
    EXPECT_EQ(first.wait(server.scope()).getBytes().size(), 0u);
    EXPECT_EQ(second.wait(server.scope()).getBytes(), Pattern(20000).asPtr());
    EXPECT_THROW(unanswered.wait(server.scope()), kj::Exception);
    EXPECT_THROW(late.wait(server.scope()), kj::Exception);
}

TEST_P(LastWords, CutShortEndTheConnection)
{
    PlayedServer server(GetParam());
    auto first = server.remote.echoRequest().send();
    server.scope().poll();
    const char half[12]{};
    ASSERT_EQ(write(server.to_client, half, sizeof(half)), static_cast<ssize_t>(sizeof(half)));
    server.leave();
    auto late = server.remote.holdRequest().send();
    EXPECT_THROW(first.wait(server.scope()), kj::Exception);
    EXPECT_THROW(late.wait(server.scope()), kj::Exception);
}

TEST_P(LastWords, ThatAreNoMessageEndTheConnection)
{
    PlayedServer server(GetParam());
    auto first = server.remote.echoRequest().send();
    server.scope().poll();
    const std::string text = "error: no such program\n";
    ASSERT_EQ(write(server.to_client, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    server.leave();
    auto late = server.remote.holdRequest().send();
    const auto error = kj::runCatchingExceptions([&] { first.wait(server.scope()); });
    KJ_IF_MAYBE (e, error) {
        EXPECT_NE(std::string(e->getDescription().cStr()).find("or is none: 'error: no such program\\0a'"), std::string::npos)
            << e->getDescription().cStr();
    } else {
        ADD_FAILURE() << "no exception";
    }
    EXPECT_THROW(late.wait(server.scope()), kj::Exception);
}

} // namespace
} // namespace mp::test
