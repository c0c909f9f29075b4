#include <gtest/gtest.h>

#include <rpc/support/gate.h>
#include <rpc/support/session.h>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mp::test {
namespace {

TEST(WaitForMethods, ReturnsAtOnceWhenNothingRuns)
{
    Session session;
    session.serverLoop().waitForMethods();
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
    session.serverLoop().waitForMethods();
    session.clientLoop().waitForMethods();
}

TEST(WaitForMethods, WaitsForThoseUnderWay)
{
    constexpr int THREADS = 4;
    std::atomic<int> ended{0};
    Gate gate(THREADS);
    Session session;
    session.impl.on_run = [&](const std::string& what) {
        gate.pass();
        ++ended;
        return what;
    };
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; ++t) threads.emplace_back([&] { session.client->run("x"); });
    EXPECT_TRUE(gate.waitReached());
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&] {
            session.serverLoop().waitForMethods();
            EXPECT_EQ(ended, THREADS);
        });
    }
    gate.open();
    for (auto& thread : threads) thread.join();
}

TEST(WaitForMethods, IsNotKeptByCallsThatBeginMeanwhile)
{
    Signal entered;
    Session session;
    session.impl.on_run = [&](const std::string& what) {
        entered.set();
        return what;
    };
    std::atomic<bool> stop{false};
    std::vector<std::thread> callers;
    for (int t = 0; t < 2; ++t) {
        callers.emplace_back([&] {
            while (!stop) session.client->run("x");
        });
    }
    EXPECT_TRUE(entered.wait());
    for (int i = 0; i < 100; ++i) session.serverLoop().waitForMethods();
    stop = true;
    for (auto& caller : callers) caller.join();
}

TEST(WaitForMethods, WaitsForTheObjectsThatAreLeftBehind)
{
    Gate gate;
    std::atomic<bool> destroyed{false};
    Session session;
    session.impl.on_counter_destroyed = [&] {
        gate.pass();
        destroyed = true;
    };
    auto counter = session.client->makeCounter();
    session.disconnectServer();
    EXPECT_TRUE(gate.waitReached());
    std::thread releaser([&] { gate.open(); });
    session.serverLoop().waitForMethods();
    EXPECT_TRUE(destroyed);
    releaser.join();
    delete static_cast<ProxyClient<messages::Counter>*>(counter.release());
}

TEST(WaitForMethods, RefusesToWaitForItself)
{
    Signal done;
    Session session;
    EventLoop& loop = session.serverLoop();
    loop.sync([&] { EXPECT_THROW(loop.waitForMethods(), std::logic_error); });
    session.impl.on_run = [&](const std::string& what) {
        EXPECT_THROW(loop.waitForMethods(), std::logic_error);
        return what;
    };
    EXPECT_EQ(session.client->run("x"), "x");
    loop.sync([&] {
        loop.addAsyncCleanup([&] {
            EXPECT_THROW(loop.waitForMethods(), std::logic_error);
            done.set();
        });
    });
    EXPECT_TRUE(done.wait());
}

} // namespace
} // namespace mp::test
