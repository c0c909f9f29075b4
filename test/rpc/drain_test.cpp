// Connections that are ended from here.
#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <mp/call-errors.h>
#include <rpc/support/errors.h>
#include <rpc/support/foreign-clients.h>
#include <rpc/support/gate.h>
#include <rpc/support/session.h>
#include <thread>

namespace mp::test {
namespace {

using namespace std::chrono_literals;

const std::string REFUSED = "refused: the connection is being drained";

//! Either side of a connection.
class Drain : public testing::TestWithParam<bool>
{
protected:
    Drain()
    {
        m_session.impl.on_run = [this](const std::string& what) {
            if (what == "wait") m_gate.pass();
            return what;
        };
        m_session.client->run("first");
        on(true, [this](Connection& server) {
            server.onDisconnect([this](const Disconnect& why) { m_server_end.set_value(why.reason); });
        });
        on(false, [this](Connection& client) {
            client.onDisconnect([this](const Disconnect& why) { m_client_end.set_value(why.reason); });
        });
    }
    ~Drain() override
    {
        m_gate.open();
        m_session.serverLoop().waitForMethods();
        m_session.clientLoop().waitForMethods();
    }

    bool serverDrains() const { return GetParam(); }
    //! Call fn with a side's connection, owning its loop.
    template <typename Fn>
    void on(bool server, Fn fn)
    {
        if (server) {
            m_session.serverLoop().sync([&] { fn(m_session.serverLoop().m_incoming_connections.front()); });
        } else {
            m_session.clientLoop().sync([&] { fn(*m_session.connection); });
        }
    }
    std::shared_future<bool> drain(std::chrono::nanoseconds timeout)
    {
        std::shared_future<bool> ended;
        on(serverDrains(), [&](Connection& connection) { ended = connection.drain(timeout); });
        return ended;
    }
    //! Both sides were told who has ended the connection.
    void expectEnd()
    {
        const auto other = DisconnectReason::PeerClosed;
        EXPECT_EQ(m_server_end.get_future().get(), serverDrains() ? DisconnectReason::Local : other);
        EXPECT_EQ(m_client_end.get_future().get(), serverDrains() ? other : DisconnectReason::Local);
    }
    static bool ready(const std::shared_future<bool>& future)
    {
        return future.wait_for(0s) == std::future_status::ready;
    }

    Gate m_gate;
    std::promise<DisconnectReason> m_server_end;
    std::promise<DisconnectReason> m_client_end;
    Session m_session;
};

INSTANTIATE_TEST_SUITE_P(Sides, Drain, testing::Bool(),
                         [](const auto& info) { return info.param ? "Server" : "Client"; });

TEST_P(Drain, EndsAnIdleConnection)
{
    const auto ended = drain(1h);
    EXPECT_TRUE(ended.get());
    expectEnd();
}

TEST_P(Drain, RefusesNewCallsAndWaitsForThoseThatRun)
{
    auto running = std::async(std::launch::async, [&] { return m_session.client->run("wait"); });
    ASSERT_TRUE(m_gate.waitReached());
    const auto ended = drain(1h);
    const std::string refused = ErrorOf([&] { m_session.client->run("new"); });
    EXPECT_NE(refused.find("Service.run " + REFUSED), std::string::npos) << refused;
    EXPECT_EQ(refused.starts_with("kj::Exception"), serverDrains()) << refused;
    const std::string on_loop = ErrorOf([&] { m_session.client->add(1, 2); });
    EXPECT_NE(on_loop.find("Service.add " + REFUSED), std::string::npos) << on_loop;
    EXPECT_FALSE(ready(ended));
    m_gate.open();
    EXPECT_EQ(running.get(), "wait");
    EXPECT_TRUE(ended.get());
    expectEnd();
}

TEST_P(Drain, LetsRunningCallsCallBack)
{
    m_session.impl.on_lend = [&] { m_gate.pass(); };
    auto running = std::async(std::launch::async, [&] {
        FnCallback callback([&](int32_t arg) { return arg + m_session.client->addOnWorker(20, 3); });
        return m_session.client->lend(callback, 100);
    });
    ASSERT_TRUE(m_gate.waitReached());
    const auto ended = drain(1h);
    m_gate.open();
    EXPECT_EQ(running.get(), 123);
    EXPECT_TRUE(ended.get());
}

TEST_P(Drain, InterruptsWhatTakesTooLong)
{
    auto running = std::async(std::launch::async, [&] { return ErrorOf([&] { m_session.client->run("wait"); }); });
    ASSERT_TRUE(m_gate.waitReached());
    const auto later = drain(1h);
    const auto start = std::chrono::steady_clock::now();
    const auto ended = drain(20ms);
    EXPECT_FALSE(ended.get());
    EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
    EXPECT_FALSE(later.get());
    EXPECT_NE(running.get().find("it was drained, and its time is up"), std::string::npos);
    EXPECT_TRUE(m_session.serverLogs().waitFor("canceled while executing."));
    Logs& logs = serverDrains() ? m_session.serverLogs() : m_session.clientLogs();
    EXPECT_TRUE(logs.waitFor("IPC connection failed: it was drained, and its time is up"));
    expectEnd();
}

TEST_P(Drain, EndsWithTheConnection)
{
    auto running = std::async(std::launch::async, [&] { return ErrorOf([&] { m_session.client->run("wait"); }); });
    ASSERT_TRUE(m_gate.waitReached());
    const auto ended = drain(1h);
    if (serverDrains()) {
        m_session.disconnectClient();
    } else {
        m_session.disconnectServer();
    }
    EXPECT_FALSE(ended.get());
    EXPECT_EQ(running.get(), INTERRUPTED);
}

TEST_P(Drain, LosesNoAnswer)
{
    std::atomic<int> run{0};
    m_session.impl.on_run = [&](const std::string& what) {
        ++run;
        return what;
    };
    std::atomic<int> answered{0};
    std::atomic<int> begun{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
        callers.emplace_back([&] {
            std::string error;
            do {
                ++begun;
                error = ErrorOf([&] {
                    EXPECT_EQ(m_session.client->run("x"), "x");
                    ++answered;
                });
            } while (error == "no exception");
            const bool drained = error.find(REFUSED) != std::string::npos;
            EXPECT_TRUE(drained || SucceededOrDisconnected(error)) << error;
        });
    }
    while (begun < 100) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(drain(1h).get());
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(run, answered);
}

TEST_P(Drain, CanBeDone)
{
    auto running = std::async(std::launch::async, [&] { return ErrorOf([&] { m_session.client->run("wait"); }); });
    ASSERT_TRUE(m_gate.waitReached());
    on(serverDrains(), [](Connection& connection) { connection.disconnect(); });
    EXPECT_EQ(running.get(), INTERRUPTED);
    EXPECT_EQ(ErrorOf([&] { m_session.client->run("new"); }), INTERRUPTED);
    EXPECT_TRUE(m_session.serverLogs().waitFor("canceled while executing."));
    expectEnd();
}

TEST(Shutdown, DrainsEachConnection)
{
    Session session;
    Gate gate(2);
    session.impl.on_run = [&](const std::string& what) {
        gate.pass();
        return what;
    };
    const auto other = session.connect();
    auto first = std::async(std::launch::async, [&] { return session.client->run("1"); });
    auto second = std::async(std::launch::async, [&] { return other->run("2"); });
    ASSERT_TRUE(gate.waitReached());
    auto shut = std::async(std::launch::async, [&] { return session.serverLoop().shutdown(1h); });
    std::string refused;
    while ((refused = ErrorOf([&] { session.client->add(1, 2); })) == "no exception") std::this_thread::sleep_for(1ms);
    EXPECT_NE(refused.find(REFUSED), std::string::npos) << refused;
    gate.open();
    EXPECT_EQ(first.get(), "1");
    EXPECT_EQ(second.get(), "2");
    EXPECT_TRUE(shut.get());
    session.serverLoop().sync([&] { EXPECT_TRUE(session.serverLoop().m_incoming_connections.empty()); });
}

TEST(Shutdown, RefusesLaterConnections)
{
    Session session;
    EXPECT_TRUE(session.serverLoop().shutdown(1h));
    const std::string error = ErrorOf([&] { session.connect(); });
    EXPECT_NE(error.find("IPC connection ended: the process is shutting down"), std::string::npos) << error;
    EXPECT_TRUE(session.clientLoop().shutdown(1h));
    EXPECT_EQ(ErrorOf([&] { session.connect(); }), "Service.construct " + REFUSED);
}

TEST(Shutdown, GivesUpOnMethodsThatRunOn)
{
    Session session;
    Gate gate;
    session.impl.on_run = [&](const std::string& what) {
        gate.pass();
        return what;
    };
    auto running = std::async(std::launch::async, [&] { return ErrorOf([&] { session.client->run("wait"); }); });
    ASSERT_TRUE(gate.waitReached());
    EXPECT_FALSE(session.serverLoop().shutdown(20ms));
    EXPECT_NE(running.get().find("it was drained, and its time is up"), std::string::npos);
    EXPECT_FALSE(session.serverLoop().waitForMethods(1ms));
    gate.open();
    session.serverLoop().waitForMethods();
    EXPECT_TRUE(session.serverLoop().waitForMethods(1h));
}

TEST(Shutdown, EndsTheClientsConnections)
{
    Session session;
    const auto other = session.connect();
    EXPECT_TRUE(session.clientLoop().shutdown(1h));
    const std::string error = ErrorOf([&] { other->add(1, 2); });
    EXPECT_TRUE(error == AFTER || error.find(REFUSED) != std::string::npos) << error;
}

TEST(Shutdown, CantWaitForItself)
{
    Session session;
    const std::string expected = "EventLoop::shutdown called by what it would wait for";
    session.impl.on_run = [&](const std::string&) {
        return ErrorOf([&] { session.serverLoop().shutdown(1h); });
    };
    EXPECT_EQ(session.client->run(""), expected);
    session.serverLoop().sync([&] { EXPECT_EQ(ErrorOf([&] { session.serverLoop().shutdown(1h); }), expected); });
    EXPECT_EQ(session.client->add(1, 2), 3);
}

// A client of another kind.
TEST_F(ForeignClients, AreDrained)
{
    Gate gate;
    m_impl.on_run = [&](const std::string& what) {
        gate.pass();
        return what;
    };
    std::shared_future<bool> ended;
    run([&](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto request = runRequest(service, "wait");
        request.initContext().setThread(thread);
        auto running = request.send();
        service.addRequest().send().wait(io.waitScope);
        ASSERT_TRUE(gate.waitReached());
        m_server.loop().sync([&] { ended = m_server.loop().m_incoming_connections.front().drain(1h); });
        EXPECT_NE(errorOf(io, service.addRequest().send()).find("Service.add " + REFUSED), std::string::npos);
        gate.open();
        EXPECT_EQ(running.wait(io.waitScope).getResult(), "wait");
    });
    EXPECT_TRUE(ended.get());
    m_server.loop().waitForMethods();
}

} // namespace
} // namespace mp::test
