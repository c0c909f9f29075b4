// Calls that run on the threads of a loop.
#include <algorithm>
#include <future>
#include <gtest/gtest.h>
#include <mp/call-scope.h>
#include <mp/call-errors.h>
#include <mp/current-call.h>
#include <mutex>
#include <rpc/support/errors.h>
#include <rpc/support/foreign-clients.h>
#include <rpc/support/gate.h>
#include <set>

namespace mp::test {
namespace {

using namespace std::chrono_literals;

//! A server with a pool, and a client of the same library.
class LoopPoolTest : public ForeignClients
{
protected:
    LoopPoolTest()
    {
        m_impl.on_run = [this](const std::string& what) {
            {
                const std::lock_guard lock(m_mutex);
                m_order.push_back(what);
                m_threads.insert(CurrentThread().thread_name);
            }
            if (what == "wait") m_gate.pass();
            return what;
        };
    }
    ~LoopPoolTest() override
    {
        m_gate.open();
        m_client.reset();
        m_server.loop().waitForMethods();
    }

    void setPool(size_t threads)
    {
        m_server.loop().sync([&] { m_server.loop().setPool(threads); });
    }
    std::unique_ptr<ServiceClient> connect()
    {
        EventLoop& loop = m_client_loop.loop();
        return ConnectStream<messages::Service>(loop, MakeStream(loop, dial()));
    }
    std::future<std::string> start(ServiceClient& client, const std::string& what)
    {
        return std::async(std::launch::async, [&client, what] { return ErrorOf([&] { client.runInPool(what); }); });
    }
    //! Wait until so many requests have come, in all.
    void expectReceived(size_t count)
    {
        ASSERT_TRUE(m_logs.waitFor("Service.runInPool$Params", count)) << m_logs.all();
    }
    std::vector<std::string> order()
    {
        const std::lock_guard lock(m_mutex);
        return m_order;
    }

    std::mutex m_mutex;
    std::vector<std::string> m_order;
    std::set<std::string> m_threads;
    Gate m_gate;
    Logs m_client_logs;
    LoopThread m_client_loop{m_client_logs.options()};
    std::unique_ptr<ServiceClient> m_client{connect()};
};

TEST_F(LoopPoolTest, IsOffUntilTheApplicationSetsIt)
{
    const std::string error = ErrorOf([&] { m_client->runInPool("x"); });
    EXPECT_NE(error.find("no thread specified and no pool configured"), std::string::npos) << error;
    setPool(1);
    EXPECT_EQ(m_client->runInPool("x"), "x");
    setPool(0);
    EXPECT_NE(ErrorOf([&] { m_client->runInPool("x"); }), "no exception");
}

TEST_F(LoopPoolTest, RunsMethodsBesideTheLoop)
{
    setPool(1);
    auto waiting = start(*m_client, "wait");
    ASSERT_TRUE(m_gate.waitReached());
    EXPECT_EQ(m_client->add(1, 2), 3);
    m_gate.open();
    EXPECT_EQ(waiting.get(), "no exception");
    const std::lock_guard lock(m_mutex);
    ASSERT_EQ(m_threads.size(), 1u);
    EXPECT_TRUE(m_threads.begin()->ends_with(" (pool/0)")) << *m_threads.begin();
}

TEST_F(LoopPoolTest, HasNoMoreThreadsThanItMay)
{
    setPool(3);
    std::atomic<int> now{0};
    std::atomic<int> most{0};
    m_impl.on_run = [&](const std::string& what) {
        const int running = ++now;
        int seen = most;
        while (running > seen && !most.compare_exchange_weak(seen, running)) {}
        std::this_thread::yield();
        --now;
        return what;
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([&] {
            for (int j = 0; j < 50; ++j) EXPECT_EQ(m_client->runInPool("x"), "x");
        });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_GE(most, 1);
    EXPECT_LE(most, 3);
}

TEST_F(LoopPoolTest, TakesConnectionsInTurns)
{
    setPool(1);
    const auto other = connect();
    auto waiting = start(*m_client, "wait");
    ASSERT_TRUE(m_gate.waitReached());
    std::vector<std::future<std::string>> calls;
    for (int i = 0; i < 4; ++i) {
        calls.push_back(start(*m_client, "many"));
        expectReceived(2 + i);
    }
    calls.push_back(start(*other, "few"));
    expectReceived(6);
    m_gate.open();
    for (auto& call : calls) EXPECT_EQ(call.get(), "no exception");
    EXPECT_EQ(order(), (std::vector<std::string>{"wait", "many", "few", "many", "many", "many"}));
}

TEST_F(LoopPoolTest, ForgetsRequestsOfClosedConnections)
{
    setPool(1);
    auto waiting = start(*m_client, "wait");
    ASSERT_TRUE(m_gate.waitReached());
    auto other = connect();
    std::vector<std::future<std::string>> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(start(*other, "lost"));
    expectReceived(4);
    m_server.loop().sync([&] { m_server.loop().m_incoming_connections.pop_front(); });
    for (auto& call : calls) EXPECT_EQ(call.get(), INTERRUPTED);
    EXPECT_TRUE(m_logs.waitFor("canceled before it could be executed", 3));
    m_gate.open();
    EXPECT_EQ(waiting.get(), "no exception");
    EXPECT_EQ(m_client->runInPool("last"), "last");
    EXPECT_EQ(order(), (std::vector<std::string>{"wait", "last"}));
}

TEST_F(LoopPoolTest, EndsCallsInTime)
{
    setPool(1);
    auto waiting = start(*m_client, "wait");
    ASSERT_TRUE(m_gate.waitReached());
    {
        // Waits in the queue.
        const DeadlineScope scope(10ms);
        EXPECT_THROW(m_client->runInPool("late"), TimeoutError);
    }
    EXPECT_TRUE(m_logs.waitFor("canceled before it could be executed"));
    m_gate.open();
    EXPECT_EQ(waiting.get(), "no exception");
    m_impl.on_run = [](const std::string& what) {
        EXPECT_TRUE(CurrentCall().waitCancelled(10s));
        return what;
    };
    const DeadlineScope scope(10ms);
    EXPECT_THROW(m_client->runInPool("runs"), TimeoutError);
    m_server.loop().waitForMethods();
    EXPECT_EQ(order(), std::vector<std::string>{"wait"});
}

TEST_F(LoopPoolTest, CallsBack)
{
    setPool(1);
    FnCallback callback([](int32_t arg) { return arg + 1; });
    EXPECT_EQ(m_client->lendInPool(callback, 1), 2);
    EXPECT_EQ(m_client->lendInPool(callback, 2), 3);
}

// Needs no ceremony.
TEST_F(LoopPoolTest, ServesClientsOfAnotherKind)
{
    setPool(2);
    run([&](auto& io, ServicePtr service) {
        EXPECT_EQ(runRequest(service, "context").send().wait(io.waitScope).getResult(), "context");
        auto request = service.runInPoolRequest();
        request.setWhat("none");
        EXPECT_EQ(request.send().wait(io.waitScope).getResult(), "none");
    });
    EXPECT_EQ(order(), (std::vector<std::string>{"context", "none"}));
}

// The peer's own pool comes first.
TEST_F(LoopPoolTest, LeavesThePeersPoolAlone)
{
    setPool(1);
    auto waiting = start(*m_client, "wait");
    ASSERT_TRUE(m_gate.waitReached());
    run([&](auto& io, ServicePtr service) {
        auto request = threadMapOf(io, service).makePoolRequest();
        request.setCount(1);
        request.send().wait(io.waitScope);
        EXPECT_EQ(runRequest(service, "own").send().wait(io.waitScope).getResult(), "own");
    });
    m_gate.open();
    EXPECT_EQ(waiting.get(), "no exception");
}

} // namespace
} // namespace mp::test
