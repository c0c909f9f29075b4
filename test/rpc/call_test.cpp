#include <gtest/gtest.h>

#include <rpc/support/gate.h>
#include <rpc/support/session.h>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mp::test {
namespace {

class Call : public testing::TestWithParam<Loops>
{
protected:
    Session m_session{GetParam()};
    ServiceClient& m_client{*m_session.client};
};
INSTANTIATE_TEST_SUITE_P(Loops, Call, testing::Values(Loops::Two, Loops::One), [](const auto& info) {
    return info.param == Loops::Two ? "TwoLoops" : "OneLoop";
});

TEST_P(Call, RunsAMethodOnTheLoop)
{
    std::atomic<bool> on_loop{false};
    m_session.impl.on_loop = [&](const std::string& what) {
        on_loop = m_session.serverLoop().isLoopThread();
        return what + "!";
    };
    EXPECT_EQ(m_client.runOnLoop("hello"), "hello!");
    EXPECT_TRUE(on_loop);
}

TEST_P(Call, RunsAMethodWithContextOnAWorker)
{
    std::atomic<bool> on_loop{true};
    std::thread::id thread;
    m_session.impl.on_run = [&](const std::string& what) {
        on_loop = m_session.serverLoop().isLoopThread();
        thread = std::this_thread::get_id();
        return what + "!";
    };
    EXPECT_EQ(m_client.run("hello"), "hello!");
    EXPECT_FALSE(on_loop);
    EXPECT_NE(thread, std::this_thread::get_id());
    const std::thread::id first = thread;
    EXPECT_EQ(m_client.run("again"), "again!");
    EXPECT_EQ(thread, first);
}

TEST_P(Call, GivesEachClientThreadAWorkerOfItsOwn)
{
    std::mutex mutex;
    std::map<std::string, std::thread::id> workers;
    m_session.impl.on_run = [&](const std::string& what) {
        const std::lock_guard lock(mutex);
        workers[what] = std::this_thread::get_id();
        return what;
    };
    m_client.run("a");
    std::thread([&] { m_client.run("b"); }).join();
    EXPECT_NE(workers["a"], workers["b"]);
}

TEST_P(Call, ServesManyThreadsAtOnce)
{
    constexpr int THREADS = 16;
    constexpr int CALLS = 50;
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; ++i) {
        threads.emplace_back([&, i] {
            for (int j = 0; j < CALLS; ++j) {
                right += m_client.addOnWorker(i, j) == i + j;
                right += m_client.add(i, j) == i + j;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, THREADS * CALLS * 2);
}

TEST_P(Call, RunsWhileOtherThreadsAreBlockedInMethods)
{
    Gate gate;
    m_session.impl.on_run = [&](const std::string& what) {
        gate.pass();
        return what;
    };
    std::thread blocked([&] { EXPECT_EQ(m_client.run("blocked"), "blocked"); });
    EXPECT_TRUE(gate.waitReached());
    EXPECT_EQ(m_client.addOnWorker(1, 2), 3);
    EXPECT_EQ(m_client.add(1, 2), 3);
    gate.open();
    blocked.join();
}

TEST_P(Call, UsesSeveralConnectionsFromOneThread)
{
    const auto second = m_session.connect();
    const auto third = m_session.connect();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(m_client.addOnWorker(i, 1), i + 1);
        EXPECT_EQ(second->addOnWorker(i, 2), i + 2);
        EXPECT_EQ(third->addOnWorker(i, 3), i + 3);
    }
}

TEST_P(Call, PassesBytesOfAnySize)
{
    for (const size_t size : {size_t{0}, size_t{1}, size_t{4095}, size_t{70000}, size_t{8} << 20}) {
        std::vector<unsigned char> bytes(size);
        for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(i * 31);
        EXPECT_EQ(m_client.echo(bytes), bytes) << size;
    }
}

TEST_P(Call, RefusesToRunOnTheEventLoop)
{
    m_session.clientLoop().sync([&] {
        try {
            m_client.addOnWorker(1, 2);
            ADD_FAILURE() << "no exception";
        } catch (const std::logic_error& e) {
            EXPECT_NE(std::string(e.what()).find("Service.addOnWorker"), std::string::npos) << e.what();
        }
    });
    EXPECT_EQ(m_client.addOnWorker(1, 2), 3);
}

TEST_P(Call, FailsWithoutRunningWhenAnArgumentIsOutOfRange)
{
    // What the generated client can't send: the number is wider than the C++ method's parameter.
    Signal done;
    std::string error;
    EventLoop& loop = m_session.clientLoop();
    loop.sync([&] {
        auto request = m_client.m_client.narrowRequest();
        request.setValue(int64_t{1} << 40);
        loop.m_task_set->add(request.send().then([&](auto&&) { done.set(); },
                                                 [&](kj::Exception&& e) {
                                                     error = e.getDescription().cStr();
                                                     done.set();
                                                 }));
    });
    ASSERT_TRUE(done.wait());
    EXPECT_NE(error.find("remote exception: std::exception: out of bound int received"), std::string::npos) << error;
    EXPECT_FALSE(m_session.impl.narrowed);
}

TEST(RawCall, RunsTheRequestsForOneThreadInOrder)
{
    Session session;
    std::mutex mutex;
    std::vector<std::string> order;
    session.impl.on_run = [&](const std::string& what) {
        const std::lock_guard lock(mutex);
        order.push_back(what);
        return what + " done";
    };
    EventLoop& loop = session.clientLoop();
    Signal done;
    std::vector<std::string> results;
    loop.sync([&] {
        auto thread = session.connection->m_thread_map.makeThreadRequest().send().getResult();
        for (int i = 0; i < 20; ++i) {
            auto request = session.client->m_client.runRequest();
            request.initContext().setThread(thread);
            request.setWhat(std::to_string(i));
            loop.m_task_set->add(request.send().then([&](auto&& response) {
                results.emplace_back(response.getResult().cStr());
                if (results.size() == 20) done.set();
            }));
        }
    });
    ASSERT_TRUE(done.wait());
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(order[i], std::to_string(i));
        EXPECT_EQ(results[i], std::to_string(i) + " done");
    }
}

TEST(RawCall, CapabilityMayBeCopiedAndDroppedOffTheIdleLoop)
{
    Session session;
    EXPECT_EQ(session.client->add(1, 2), 3);
    EventLoop& loop = session.clientLoop();
    std::optional<messages::Service::Client> copy;
    loop.sync([&] { copy.emplace(session.client->m_client); });
    // Nobody else uses the loop now: the test's thread may.
    copy.reset();
    EXPECT_EQ(session.client->add(1, 2), 3);
}

TEST(CallInsideAKjLoop, PostsInsteadOfDriving)
{
    Session session;
    std::thread([&] {
        auto io = kj::setupAsyncIo();
        bool ran = false;
        std::thread::id thread;
        session.clientLoop().sync([&] {
            ran = true;
            thread = std::this_thread::get_id();
        });
        EXPECT_TRUE(ran);
        EXPECT_NE(thread, std::this_thread::get_id());
        EXPECT_EQ(session.client->add(1, 2), 3);
        EXPECT_EQ(session.client->addOnWorker(3, 4), 7);
        EXPECT_EQ(session.client->callFn([](int32_t arg) { return arg * 2; }, 21), 42);
        std::thread::id released;
        std::shared_ptr<void> held(nullptr, [&](void*) { released = std::this_thread::get_id(); });
        session.client->share(std::make_shared<FnCallback>([held = std::move(held)](int32_t arg) { return arg; }));
        session.client->share(nullptr);
        EXPECT_EQ(released, std::this_thread::get_id());
        // Its own loop works on.
        EXPECT_EQ(kj::evalLater([] { return 5; }).wait(io.waitScope), 5);
    }).join();
}

TEST(CallInsideAKjLoop, WorksOnAWorkerToo)
{
    Session session;
    auto inner = session.connect();
    session.impl.on_run = [&](const std::string& what) {
        auto io = kj::setupAsyncIo();
        const int32_t sum = inner->addOnWorker(20, 22);
        return what + std::to_string(kj::evalLater([&] { return sum; }).wait(io.waitScope));
    };
    EXPECT_EQ(session.client->run("sum "), "sum 42");
    inner.reset();
}

} // namespace
} // namespace mp::test
