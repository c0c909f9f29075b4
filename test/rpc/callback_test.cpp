#include <gtest/gtest.h>

#include <rpc/support/session.h>
#include <thread>

namespace mp::test {
namespace {

class Callbacks : public testing::TestWithParam<Loops>
{
protected:
    Session m_session{GetParam()};
    ServiceClient& m_client{*m_session.client};
};
INSTANTIATE_TEST_SUITE_P(Loops, Callbacks, testing::Values(Loops::Two, Loops::One), [](const auto& info) {
    return info.param == Loops::Two ? "TwoLoops" : "OneLoop";
});

TEST_P(Callbacks, RunOnTheCallingThread)
{
    std::thread::id thread;
    FnCallback callback([&](int32_t arg) {
        thread = std::this_thread::get_id();
        return arg + 1;
    });
    EXPECT_EQ(m_client.lend(callback, 5), 6);
    EXPECT_EQ(thread, std::this_thread::get_id());
    std::thread([&] {
        EXPECT_EQ(m_client.lend(callback, 6), 7);
        EXPECT_EQ(thread, std::this_thread::get_id());
    }).join();
}

TEST_P(Callbacks, MayBeGivenAway)
{
    Signal destroyed;
    struct Watched final : Callback
    {
        explicit Watched(Signal& destroyed) : m_destroyed(destroyed) {}
        ~Watched() override { m_destroyed.set(); }
        int32_t call(int32_t arg) override { return arg * 2; }
        Signal& m_destroyed;
    };
    EXPECT_EQ(m_client.give(std::make_unique<Watched>(destroyed), 21), 42);
    EXPECT_TRUE(destroyed.wait());
}

TEST_P(Callbacks, MayBeAbsent)
{
    EXPECT_EQ(m_client.give(nullptr, 1), -1);
    EXPECT_EQ(m_client.callFn(nullptr, 1), -1);
    m_client.share(nullptr);
    EXPECT_EQ(m_client.callShared(1), -1);
}

TEST_P(Callbacks, MayBeSharedAndReleasedAtOnce)
{
    auto callback = std::make_shared<FnCallback>([](int32_t arg) { return arg + 100; });
    m_client.share(callback);
    EXPECT_EQ(callback.use_count(), 2);
    EXPECT_EQ(m_client.callShared(1), 101);
    EXPECT_EQ(m_client.callShared(2), 102);
    m_client.share(nullptr);
    EXPECT_EQ(callback.use_count(), 1);
    EXPECT_EQ(m_client.callShared(3), -1);
}

TEST_P(Callbacks, SharedMayBeCalledByAnotherThreadsCall)
{
    std::thread::id thread;
    m_client.share(std::make_shared<FnCallback>([&](int32_t arg) {
        thread = std::this_thread::get_id();
        return arg;
    }));
    std::thread([&] {
        EXPECT_EQ(m_client.callShared(3), 3);
        EXPECT_EQ(thread, std::this_thread::get_id());
    }).join();
    m_client.share(nullptr);
}

TEST_P(Callbacks, FunctionsReturnValues)
{
    EXPECT_EQ(m_client.callFn([](int32_t arg) { return arg * arg; }, 9), 81);
}

TEST_P(Callbacks, NestToAnyDepthOnTheSameThreads)
{
    const std::thread::id client_thread = std::this_thread::get_id();
    std::vector<std::thread::id> workers;
    m_session.impl.on_run = [&](const std::string& what) {
        workers.push_back(std::this_thread::get_id());
        return what;
    };
    int deepest = 0;
    std::function<int32_t(int32_t)> down = [&](int32_t depth) -> int32_t {
        EXPECT_EQ(std::this_thread::get_id(), client_thread);
        deepest = std::max(deepest, depth);
        m_client.run("at depth");
        return depth == 20 ? 0 : m_client.callFn(down, depth + 1) + 1;
    };
    EXPECT_EQ(m_client.callFn(down, 1), 19);
    EXPECT_EQ(deepest, 20);
    for (const auto& worker : workers) EXPECT_EQ(worker, workers[0]);
}

TEST_P(Callbacks, HandExceptionsThrough)
{
    FnCallback callback([](int32_t) -> int32_t { throw std::runtime_error("from the callback"); });
    try {
        m_client.lend(callback, 1);
        ADD_FAILURE() << "no exception";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string(e.what()).find("from the callback"), std::string::npos) << e.what();
    }
    EXPECT_EQ(m_client.addOnWorker(1, 2), 3);
}

TEST_P(Callbacks, OfManyThreadsStayOnTheirThreads)
{
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            const std::thread::id self = std::this_thread::get_id();
            for (int j = 0; j < 20; ++j) {
                FnCallback callback([&](int32_t arg) {
                    right += std::this_thread::get_id() == self;
                    return arg + i;
                });
                right += m_client.lend(callback, j) == i + j;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, 8 * 20 * 2);
}

TEST(CallbackBetweenLoops, TwoLoopsInOneProcessCallEachOther)
{
    // Each side serves the other, over a connection of its own.
    Session forward;
    Session backward;
    forward.impl.on_run = [&](const std::string& what) { return backward.client->run(what + ">"); };
    backward.impl.on_run = [&](const std::string& what) {
        return what.size() < 10 ? forward.client->run(what + "<") : what;
    };
    EXPECT_EQ(forward.client->run("x"), "x><><><><>");
    forward.closeClient();
    backward.closeClient();
}

} // namespace
} // namespace mp::test
