// What a peer that goes past a limit meets, and that nobody else is disturbed.
#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <mp/call-errors.h>
#include <rpc/support/address.h>
#include <rpc/support/errors.h>
#include <rpc/support/foreign-clients.h>
#include <rpc/support/gate.h>
#include <rpc/support/raw-peer.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mp::test {
namespace {

using namespace std::chrono_literals;

constexpr uint16_t ADD = 1;

//! A server with limits, and a client of it that was there before them.
class ServerLimits : public ForeignClients
{
protected:
    ServerLimits() { m_neighbour = client(); }
    ~ServerLimits() override
    {
        EXPECT_EQ(m_neighbour->add(1, 2), 3);
        m_neighbour.reset();
    }

    void limit(const Limits& limits)
    {
        m_server.loop().sync([&] { m_server.loop().setLimits(limits); });
    }
    std::unique_ptr<ServiceClient> client()
    {
        return ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), dial()));
    }
    //! Of the connection that was made last.
    Usage usage()
    {
        Usage usage;
        m_server.loop().sync([&] { usage = m_server.loop().m_incoming_connections.front().usage(); });
        return usage;
    }
    //! Send this, and return what the server sends until it closes.
    static std::string ended(SocketId socket, const Bytes& bytes)
    {
        // The server may have closed already, because of the first bytes.
        send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        std::string text;
        char buffer[4096];
        for (ssize_t n; (n = recv(socket, buffer, sizeof(buffer), 0)) > 0;) text.append(buffer, static_cast<size_t>(n));
        close(socket);
        return text;
    }
    //! That of a connection that has ended.
    void expectWarning(const std::string& why)
    {
        const std::string message = "IPC connection failed: " + why;
        ASSERT_TRUE(m_logs.waitFor(message)) << m_logs.all();
        EXPECT_TRUE(m_logs.has(Log::Warning, message));
    }

    Logs m_client_logs;
    LoopThread m_client{m_client_logs.options()};
    std::unique_ptr<ServiceClient> m_neighbour;
};

TEST_F(ServerLimits, EndAConnectionWithTooManyCalls)
{
    limit({.max_calls = 100});
    const SocketId socket = dial();
    Bytes bytes = Bootstrap();
    for (uint32_t i = 1; i <= 200; ++i) {
        // Answered each, but never finished with.
        const Bytes call = CallOf(i, ADD);
        bytes.insert(bytes.end(), call.begin(), call.end());
    }
    EXPECT_NE(ended(socket, bytes).find("IPC connection ended: too many calls at once, or answers not finished with: at most "
                                        "100 are allowed"),
              std::string::npos);
    expectWarning("too many calls at once");
}

TEST_F(ServerLimits, CountCallsUntilTheyEnd)
{
    limit({.max_calls = 3});
    const auto service = client();
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(service->add(i, 1), i + 1);
        EXPECT_EQ(service->addOnWorker(i, 1), i + 1);
    }
    EXPECT_LE(usage().calls, 3u);
}

TEST_F(ServerLimits, EndAConnectionThatSendsTooMuch)
{
    Gate gate;
    m_impl.on_run = [&](const std::string&) {
        gate.pass();
        return "done";
    };
    limit({.max_received_bytes = 1 << 20});
    const auto service = client();
    std::vector<std::future<std::string>> calls;
    const std::string what(100'000, 'x');
    for (int i = 0; i < 15; ++i) {
        calls.push_back(std::async(std::launch::async, [&] { return ErrorOf([&] { service->run(what); }); }));
    }
    int told = 0;
    for (auto& call : calls) {
        const std::string error = call.get();
        told += error.find("too much sent in calls that aren't finished: at most 1048576") != std::string::npos;
        EXPECT_NE(error, "no exception");
    }
    EXPECT_GE(told, 10);
    expectWarning("too much sent");
    // The methods use the gate.
    gate.open();
    m_server.loop().waitForMethods();
}

TEST_F(ServerLimits, CountBytesUntilTheirCallsEnd)
{
    limit({.max_received_bytes = 1 << 20});
    const auto service = client();
    const std::vector<unsigned char> bytes(600'000, 1);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(service->echo(bytes), bytes);
    EXPECT_EQ(service->add(1, 2), 3);
    EXPECT_LT(usage().received_bytes, 10'000u);
}

TEST_F(ServerLimits, RefuseTooManyObjects)
{
    Signal destroyed;
    std::atomic<int> gone{0};
    m_impl.on_make_account = [&] {
        return std::make_unique<WatchedAccount>([&] {
            if (++gone == 2) destroyed.set();
        });
    };
    limit({.max_objects = 10});
    const auto service = client();
    const size_t before = usage().objects;
    std::vector<std::unique_ptr<Account>> accounts;
    std::string error;
    for (int i = 0; i < 20 && error.empty(); ++i) {
        error = ErrorOf([&] { accounts.push_back(service->makeAccount()); });
        if (error == "no exception") error.clear();
    }
    EXPECT_NE(error.find("too many objects: a connection has at most 10"), std::string::npos) << error;
    EXPECT_EQ(accounts.size(), 10 - before);
    EXPECT_NE(ErrorOf([&] { service->makeAccount(); }).find("too many objects"), std::string::npos);
    // What can't be handed out goes, on a thread of its own as ever, and the log isn't filled.
    EXPECT_TRUE(destroyed.wait());
    EXPECT_EQ(m_logs.count("IPC peer refused: too many objects"), 1u);
    EXPECT_TRUE(m_logs.has(Log::Warning, "IPC peer refused: too many objects"));
    EXPECT_EQ(usage().objects, 10u);

    EXPECT_EQ(accounts.back()->next(), 1);
    accounts.pop_back();
    accounts.push_back(service->makeAccount());
    EXPECT_EQ(accounts.back()->next(), 1);
    accounts.clear();
    EXPECT_EQ(service->add(1, 2), 3);
    EXPECT_EQ(usage().objects, before);
}

TEST_F(ServerLimits, RefuseTooManyThreadMaps)
{
    limit({.max_objects = 3});
    run([](auto& io, ServicePtr service) {
        auto first = threadMapOf(io, service);
        auto second = threadMapOf(io, service);
        EXPECT_NE(errorOf(io, service.constructRequest().send()).find("too many objects"), std::string::npos);
        first = nullptr;
        threadMapOf(io, service);
    });
}

TEST_F(ServerLimits, RefuseTooManyThreads)
{
    limit({.max_threads = 2});
    run([this](auto& io, ServicePtr service) {
        auto map = threadMapOf(io, service);
        auto pool = map.makePoolRequest();
        pool.setCount(0xffffffffu);
        EXPECT_NE(errorOf(io, pool.send()).find("too many threads: a connection has at most 2"), std::string::npos);
        auto first = map.makeThreadRequest().send().wait(io.waitScope);
        auto second = map.makeThreadRequest().send().wait(io.waitScope);
        EXPECT_EQ(usage().threads, 2u);
        EXPECT_NE(errorOf(io, map.makeThreadRequest().send()).find("too many threads"), std::string::npos);
    });
    EXPECT_EQ(m_logs.count("IPC peer refused: too many threads"), 1u);
}

TEST_F(ServerLimits, EndAConnectionWithALargeMessage)
{
    limit({.max_message_bytes = 100'000});
    const auto service = client();
    EXPECT_EQ(service->echo(std::vector<unsigned char>(90'000)).size(), 90'000u);
    EXPECT_NE(ErrorOf([&] { service->echo(std::vector<unsigned char>(100'000)); }).find("message is too large"),
              std::string::npos);
    expectWarning("message is too large");
}

TEST_F(ServerLimits, FailACallWithTooMuchToRead)
{
    limit({.max_traversal_bytes = 10'000});
    const auto service = client();
    EXPECT_EQ(service->run("little"), "little");
    EXPECT_NE(ErrorOf([&] { service->run(std::string(20'000, 'x')); }).find("traversal limit"), std::string::npos);
    EXPECT_EQ(service->run("little"), "little");
}

TEST_F(ServerLimits, OfAConnectionCanBeChanged)
{
    const auto service = client();
    m_server.loop().sync([&] {
        Connection& connection = m_server.loop().m_incoming_connections.front();
        EXPECT_EQ(connection.limits().max_threads, 1024u);
        Limits limits = connection.limits();
        limits.max_message_bytes = 100'000;
        connection.setLimits(limits);
    });
    EXPECT_NE(ErrorOf([&] { service->echo(std::vector<unsigned char>(200'000)); }).find("message is too large"),
              std::string::npos);
}

// A caller that would export too much is told itself.
TEST(ClientLimits, FailACallThatWouldExportTooMuch)
{
    Session session;
    FnCallback callback([](int32_t arg) { return arg + 1; });
    EXPECT_EQ(session.client->lend(callback, 1), 2);
    size_t before = 0;
    session.clientLoop().sync([&] {
        before = session.connection->usage().objects;
        session.connection->setLimits({.max_objects = before});
    });
    EXPECT_THROW(session.client->lend(callback, 1), LimitError);
    EXPECT_EQ(session.client->add(1, 2), 3);
    session.clientLoop().sync([&] {
        EXPECT_EQ(session.connection->usage().objects, before);
        session.connection->setLimits({.max_objects = before + 1});
    });
    EXPECT_EQ(session.client->lend(callback, 1), 2);
}

// Time

TEST_F(ServerLimits, EndAConnectionThatNeverCalls)
{
    limit({.first_call_time = 50ms});
    for (const bool bootstrap : {false, true}) {
        EXPECT_NE(ended(dial(), bootstrap ? Bootstrap() : Bytes())
                      .find("IPC connection ended: no call in the first 50 milliseconds"),
                  std::string::npos);
    }
    EXPECT_TRUE(m_logs.waitFor("IPC connection failed: no call in the first 50", 2));
}

TEST_F(ServerLimits, EndAnIdleConnection)
{
    Gate gate;
    m_impl.on_run = [&](const std::string&) {
        gate.pass();
        return "done";
    };
    limit({.first_call_time = 100ms, .idle_time = 200ms});
    const auto busy = client();
    std::thread caller([&] { EXPECT_EQ(busy->run("long"), "done"); });
    ASSERT_TRUE(gate.waitReached());
    // One that is silent from now on is ended before one with a call in progress.
    const auto silent = client();
    const std::string ended = "IPC connection failed: no message for 200 milliseconds";
    ASSERT_TRUE(m_logs.waitFor(ended)) << m_logs.all();
    EXPECT_EQ(m_logs.count("IPC connection failed: "), 1u);
    gate.open();
    caller.join();
    ASSERT_TRUE(m_logs.waitFor(ended, 2)) << m_logs.all();
    EXPECT_EQ(m_logs.count("IPC connection failed: "), 2u);
    // Whose clients are told.
    EXPECT_TRUE(m_client_logs.waitFor("IPC client: unexpected network disconnect.", 2)) << m_client_logs.all();
}

// Listeners

TEST_F(ServerLimits, OfAListenerHoldForItsConnections)
{
    Address address;
    ListenConnections<messages::Service>(m_server.loop(), address.listen(), m_impl,
                                         ListenOptions{.limits = Limits{.max_message_bytes = 100'000}});
    auto connect = [&] {
        return ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), address.dial()));
    };
    const auto service = connect();
    EXPECT_NE(ErrorOf([&] { service->echo(std::vector<unsigned char>(200'000)); }).find("message is too large"),
              std::string::npos);
    EXPECT_EQ(m_neighbour->echo(std::vector<unsigned char>(200'000)).size(), 200'000u);
}

TEST_F(ServerLimits, RefuseAUserWithTooManyConnections)
{
    Address address;
    ListenConnections<messages::Service>(m_server.loop(), address.listen(), m_impl,
                                         ListenOptions{.max_connections_per_user = 2});
    auto connect = [&] {
        return ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), address.dial()));
    };
    const auto first = connect();
    auto second = connect();
    EXPECT_NE(ErrorOf(connect).find("too many connections of user " + std::to_string(getuid()) + ": at most 2"),
              std::string::npos);
    expectWarning("too many connections of user");
    EXPECT_EQ(first->add(1, 2), 3);
    EXPECT_EQ(second->add(1, 2), 3);
    ASSERT_TRUE(m_logs.waitFor("IPC server: socket disconnected.", 1));
    second.reset();
    ASSERT_TRUE(m_logs.waitFor("IPC server: socket disconnected.", 2));
    EXPECT_EQ(connect()->add(1, 2), 3);
}

// Reasons

class DisconnectReasons : public testing::Test
{
protected:
    //! Have the peer do something, and learn how the server saw it end.
    template <typename Fn>
    Disconnect reasonOf(Fn fn)
    {
        Disconnect seen;
        Signal ended;
        RawPeer peer;
        peer.loop().sync([&] {
            peer.loop().m_incoming_connections.front().onDisconnect([&](const Disconnect& why) {
                seen = why;
                ended.set();
            });
        });
        fn(peer);
        EXPECT_TRUE(ended.wait());
        return seen;
    }
};

TEST_F(DisconnectReasons, AreTold)
{
    Disconnect why = reasonOf([](RawPeer& peer) { peer.close(); });
    EXPECT_EQ(why.reason, DisconnectReason::PeerClosed);
    EXPECT_EQ(why.text, "");

    why = reasonOf([](RawPeer& peer) {
        Bytes part = Bootstrap();
        part.pop_back();
        peer.send(part);
        peer.close();
    });
    EXPECT_EQ(why.reason, DisconnectReason::Reset);
    EXPECT_EQ(why.text, "the stream ended inside a message");

    why = reasonOf([](RawPeer& peer) { peer.send({'n', 'o', 'n', 'e', '\n'}); });
    EXPECT_EQ(why.reason, DisconnectReason::ProtocolError);
    EXPECT_NE(why.text.find("has too many segments, or is none: 'none"), std::string::npos) << why.text;

    why = reasonOf([](RawPeer& peer) {
        capnp::MallocMessageBuilder message;
        message.initRoot<capnp::rpc::Message>().initReturn().setAnswerId(77);
        peer.send(FromMessage(message));
    });
    EXPECT_EQ(why.reason, DisconnectReason::ProtocolError);
    EXPECT_NE(why.text, "");

    why = reasonOf([](RawPeer& peer) {
        peer.loop().sync([&] {
            peer.loop().m_incoming_connections.front().end(DisconnectReason::Local, "enough");
        });
    });
    EXPECT_EQ(why.reason, DisconnectReason::Local);
    EXPECT_EQ(why.text, "enough");

    why = reasonOf([](RawPeer& peer) {
        peer.loop().sync([&] { peer.loop().m_incoming_connections.front().setLimits({.max_calls = 1}); });
        peer.send(Bootstrap());
        peer.send(CallOf(1, 0));
    });
    EXPECT_EQ(why.reason, DisconnectReason::Limit);
}

// The peer's library passes the reason on.
TEST(DisconnectReason, IsToldToThePeer)
{
    Session session;
    Disconnect seen;
    Signal ended;
    session.clientLoop().sync([&] {
        session.connection->onDisconnect([&](const Disconnect& why) {
            seen = why;
            ended.set();
        });
    });
    session.serverLoop().sync([&] {
        session.serverLoop().m_incoming_connections.front().end(DisconnectReason::Local, "enough");
    });
    EXPECT_TRUE(ended.wait());
    EXPECT_EQ(seen.reason, DisconnectReason::PeerClosed);
    EXPECT_EQ(seen.text, "remote exception: IPC connection ended: enough");
}

} // namespace
} // namespace mp::test
