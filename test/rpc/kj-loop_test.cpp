// The event loop as KJ sees it: wait scope, timers, streams of its provider, messages.
#include <gtest/gtest.h>

#include <kj/debug.h>
#include <mp/event-loop.h>
#include <rpc/support/bell.h>
#include <rpc/support/leader.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <rpc/support/session.h>
#include <rpc/support/signal.h>

namespace mp::test {
namespace {

TEST(KjLoop, WaitScopeWorksBeforeLoop)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto& scope = loop.m_io_context.waitScope;
    EXPECT_EQ(kj::evalLater([] { return 42; }).wait(scope), 42);
    auto pair = kj::newPromiseAndFulfiller<int>();
    EXPECT_FALSE(pair.promise.poll(scope));
    pair.fulfiller->fulfill(7);
    EXPECT_EQ(pair.promise.wait(scope), 7);
}

TEST(KjLoop, WaitScopeKeepsTheLoop)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    std::atomic<bool> ran{false};
    std::thread other([&] { loop.sync([&] { ran = true; }); });
    {
        Bell bell(loop);
        std::thread thread([&] { bell.ring(); });
        EXPECT_TRUE(bell.hear());
        EXPECT_FALSE(ran);
        thread.join();
    }
    // The post is the first reference, and the last.
    loop.loop();
    other.join();
    EXPECT_TRUE(ran);
}

// The loop's own thread has something to do for what the calls have left, and must not wait for the loop to do it.
TEST(KjLoop, WaitsAreServedWhenManyCallsHaveJustEnded)
{
    Session session;
    EventLoop& loop = session.clientLoop();
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 50; ++j) session.client->add(1, 2);
        loop.sync([&] {
            // Time for that thread to find it.
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            loop.m_io_context.provider->getTimer().afterDelay(30 * kj::MILLISECONDS).wait(loop.m_io_context.waitScope);
        });
    }
}

TEST(KjLoop, OthersRunNothingWhileKjWaits)
{
    Logs logs;
    LoopThread loop_thread(logs.options());
    EventLoop& loop = loop_thread.loop();
    Bell bell(loop);
    std::atomic<bool> end{false};
    bool waits = false;
    int ran = 0;
    auto post = [&] {
        while (!end) {
            loop.sync([&] {
                EXPECT_FALSE(waits);
                ++ran;
            });
        }
    };
    std::thread owner(post);
    std::thread poster([&] {
        kj::EventLoop loop_of_its_own;
        const kj::WaitScope scope(loop_of_its_own);
        post();
    });
    for (int i = 0; i < 100; ++i) {
        std::thread ringer([&] {
            // Events come meanwhile.
            for (int n = 0; n < 3; ++n) bell.ring();
        });
        loop.sync([&] {
            waits = true;
            for (int n = 0; n < 3; ++n) EXPECT_TRUE(bell.hear());
            waits = false;
        });
        ringer.join();
    }
    end = true;
    owner.join();
    poster.join();
    EXPECT_GT(ran, 0);
}

// A thread that runs what others post stops after 64 batches; somebody goes on.
TEST(KjLoop, NothingPostedIsLeft)
{
    Logs logs;
    LoopThread loop_thread(logs.options());
    EventLoop& loop = loop_thread.loop();
    constexpr int THREADS = 80;
    std::vector<Signal> turns(THREADS + 1);
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; ++t) {
        threads.emplace_back([&, t] {
            kj::EventLoop loop_of_its_own;
            const kj::WaitScope scope(loop_of_its_own);
            EXPECT_TRUE(turns[t].wait());
            loop.sync([&] {
                turns[t + 1].set();
                // The next one has time to post before this batch is over.
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            });
        });
    }
    turns[0].set();
    for (auto& thread : threads) thread.join();
}

TEST(KjLoop, DelaysCountFromWhenTheyAreAskedForInAWait)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto& timer = loop.m_io_context.provider->getTimer();
    Bell bell(loop);
    kj::TimePoint rung = timer.now();
    Signal waits;
    std::thread ringer([&] {
        EXPECT_TRUE(waits.wait());
        rung = kj::systemPreciseMonotonicClock().now();
        bell.ring();
    });
    // Not before the bell has been listened to in vain.
    loop.m_task_set->add(kj::evalLater([&] { waits.set(); }));
    EXPECT_TRUE(bell.hear());
    ringer.join();
    EXPECT_TRUE(timer.now() >= rung);
    timer.afterDelay(50 * kj::MILLISECONDS).wait(loop.m_io_context.waitScope);
    EXPECT_TRUE(kj::systemPreciseMonotonicClock().now() - rung >= 50 * kj::MILLISECONDS);
}

TEST(KjLoop, ManyThreadsWait)
{
    Logs logs;
    LoopThread loop_thread(logs.options());
    EventLoop& loop = loop_thread.loop();
    constexpr int THREADS = 4;
    constexpr int TIMES = 20;
    int waited = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < TIMES; ++i) {
                loop.sync([&] {
                    auto& timer = loop.m_io_context.provider->getTimer();
                    timer.afterDelay(100 * kj::MICROSECONDS).wait(loop.m_io_context.waitScope);
                    ++waited;
                });
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(waited, THREADS * TIMES) << logs.all();
}

TEST(KjLoop, ExecutorReachesTheLoopWhoeverServes)
{
    Logs logs;
    LoopThread loop_thread(logs.options());
    EventLoop& loop = loop_thread.loop();
    const kj::Executor* executor = nullptr;
    loop.sync([&] { executor = &kj::getCurrentThreadExecutor(); });
    std::atomic<int> ran{0};
    // So many that the loop's thread changes the way in which it sleeps.
    for (int i = 0; i < 200; ++i) executor->executeSync([&] { ++ran; });
    EXPECT_EQ(ran, 200);
}

//! Who owns the loop, and waits.
enum class Waits { Caller, LoopThread, Leader };

class KjWait : public testing::TestWithParam<Waits>
{
protected:
    KjWait()
    {
        if (GetParam() != Waits::Leader) return;
        m_leader.emplace(m_loop);
        EXPECT_TRUE(m_leader->leads());
    }

    //! Run fn on the thread that is to wait, owning the loop, outside of KJ's events.
    void own(const std::function<void()>& fn)
    {
        if (GetParam() == Waits::Caller) {
            m_loop.sync(fn);
            return;
        }
        // What this thread can't do itself is done by who sleeps.
        kj::EventLoop loop_of_its_own;
        const kj::WaitScope scope(loop_of_its_own);
        bool ran = false;
        while (!ran) {
            m_loop.sync([&] {
                ran = !m_leader || std::this_thread::get_id() == m_leader->id();
                if (ran) fn();
            });
        }
    }

    Session m_session;
    EventLoop& m_loop{m_session.serverLoop()};

private:
    std::optional<Leader> m_leader;
};

TEST_P(KjWait, HearsEvents)
{
    Bell bell(m_loop);
    Signal waits;
    bool heard = false;
    std::thread thread([&] {
        own([&] {
            waits.set();
            heard = bell.hear();
        });
    });
    EXPECT_TRUE(waits.wait());
    // More than one thread does for others in one turn.
    for (int i = 0; i < 200; ++i) EXPECT_EQ(m_session.client->runOnLoop("x"), "x");
    bell.ring();
    thread.join();
    EXPECT_TRUE(heard);
}

INSTANTIATE_TEST_SUITE_P(KjLoop, KjWait, testing::Values(Waits::Caller, Waits::LoopThread, Waits::Leader),
                         [](const auto& info) {
                             return info.param == Waits::Caller   ? "Caller"
                                    : info.param == Waits::Leader ? "Leader"
                                                                  : "LoopThread";
                         });

TEST(KjLoop, TimersFireBeforeLoop)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto& timer = loop.m_io_context.provider->getTimer();
    // KJ's delays count from the last time that the loop looked at the clock.
    const kj::TimePoint start = timer.now();
    timer.afterDelay(20 * kj::MILLISECONDS).wait(loop.m_io_context.waitScope);
    EXPECT_GE((timer.now() - start) / kj::MILLISECONDS, 20);
    EXPECT_EQ(timer.timeoutAfter(10 * kj::MILLISECONDS, kj::Promise<int>(kj::NEVER_DONE))
                  .then([](int) { return false; }, [](kj::Exception&&) { return true; })
                  .wait(loop.m_io_context.waitScope),
              true);
}

TEST(KjLoop, TimersFireInLoop)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    Signal first;
    Signal second;
    std::atomic<int> order{0};
    loop.sync([&] {
        auto& timer = loop.m_io_context.provider->getTimer();
        loop.m_task_set->add(timer.afterDelay(60 * kj::MILLISECONDS).then([&] {
            EXPECT_EQ(order++, 1);
            second.set();
        }));
        loop.m_task_set->add(timer.afterDelay(5 * kj::MILLISECONDS).then([&] {
            EXPECT_EQ(order++, 0);
            first.set();
        }));
    });
    EXPECT_TRUE(first.wait());
    EXPECT_TRUE(second.wait());
}

TEST(KjLoop, ManyTimersFireInTheirOrder)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    std::vector<int> order;
    Signal done;
    loop.sync([&] {
        auto& timer = loop.m_io_context.lowLevelProvider->getTimer();
        for (int i = 20; i > 0; --i) {
            loop.m_task_set->add(timer.afterDelay(i * 2 * kj::MILLISECONDS).then([&, i] {
                order.push_back(i);
                if (i == 20) done.set();
            }));
        }
    });
    EXPECT_TRUE(done.wait());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(order[i], i + 1);
}

TEST(KjLoop, TwoWayPipeOfTheProviderWorks)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto pipe = loop.m_io_context.provider->newTwoWayPipe();
    auto& scope = loop.m_io_context.waitScope;
    pipe.ends[0]->write("ping", 4).wait(scope);
    char buffer[4];
    pipe.ends[1]->read(buffer, 4).wait(scope);
    EXPECT_EQ(std::string(buffer, 4), "ping");
}

TEST(KjLoop, OneWayPipeOfTheProviderWorks)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto pipe = loop.m_io_context.provider->newOneWayPipe();
    auto& scope = loop.m_io_context.waitScope;
    pipe.out->write("ping", 4).wait(scope);
    pipe.out = nullptr;
    EXPECT_EQ(std::string(pipe.in->readAllText().wait(scope).cStr()), "ping");
}

TEST(KjLoop, CapabilityPipeOfTheProviderWorks)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto pipe = loop.m_io_context.provider->newCapabilityPipe();
    auto& scope = loop.m_io_context.waitScope;
    auto inner = loop.m_io_context.provider->newTwoWayPipe();
    pipe.ends[0]->write("x", 1).wait(scope);
    char byte;
    pipe.ends[1]->read(&byte, 1).wait(scope);
    EXPECT_EQ(byte, 'x');
}

TEST(KjLoop, NetworkOfTheProviderListensAndConnects)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto& scope = loop.m_io_context.waitScope;
    auto& network = loop.m_io_context.provider->getNetwork();
    auto listener = network.parseAddress("127.0.0.1").wait(scope)->listen();
    auto accepted = listener->accept();
    auto client = network.parseAddress("127.0.0.1", listener->getPort()).wait(scope)->connect().wait(scope);
    auto server = accepted.wait(scope);
    client->write("tcp", 3).wait(scope);
    char buffer[3];
    server->read(buffer, 3).wait(scope);
    EXPECT_EQ(std::string(buffer, 3), "tcp");
}

TEST(KjLoop, ConnectionRefusedIsAnException)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto& scope = loop.m_io_context.waitScope;
    auto& network = loop.m_io_context.provider->getNetwork();
    kj::uint port;
    {
        auto listener = network.parseAddress("127.0.0.1").wait(scope)->listen();
        port = listener->getPort();
    }
    const auto error = kj::runCatchingExceptions([&] {
        network.parseAddress("127.0.0.1", port).wait(scope)->connect().wait(scope);
    });
    EXPECT_NE(error, nullptr);
}

TEST(KjLoop, MessagesOfKjGoToTheLogFunction)
{
    Logs logs;
    LoopThread thread(logs.options());
    // The test program fails on what is printed.
    thread.loop().sync([] { KJ_LOG(ERROR, "a message of KJ's", 42); });
    EXPECT_TRUE(logs.has(Log::Error, "a message of KJ's; 42")) << logs.all();
    thread.loop().sync([] { KJ_LOG(WARNING, "a warning of KJ's"); });
    EXPECT_TRUE(logs.has(Log::Warning, "a warning of KJ's")) << logs.all();
}

TEST(KjLoop, MessagesOfTasksGoToTheLogFunction)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    loop.sync([&] { loop.m_task_set->add(kj::evalLater([] { KJ_LOG(ERROR, "in a task"); })); });
    EXPECT_TRUE(logs.waitFor("in a task"));
}

} // namespace
} // namespace mp::test
