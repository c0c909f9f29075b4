// The event loop as KJ sees it: wait scope, timers, streams of its provider, messages.
#include <gtest/gtest.h>

#include <kj/debug.h>
#include <mp/event-loop.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
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

TEST(KjLoop, WaitScopeRunsWhatOthersPost)
{
    Logs logs;
    EventLoop loop("mptest", logs.fn());
    auto pair = kj::newPromiseAndFulfiller<int>();
    std::thread thread([&] { loop.sync([&] { pair.fulfiller->fulfill(7); }); });
    EXPECT_EQ(pair.promise.wait(loop.m_io_context.waitScope), 7);
    thread.join();
    // The post was the first reference, and the last.
    loop.loop();
}

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
