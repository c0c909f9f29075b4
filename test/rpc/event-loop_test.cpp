#include <gtest/gtest.h>

#include <future>
#include <mp/proxy-io.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <rpc/support/signal.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

namespace mp::test {
namespace {

void LogFunction(LogMessage) {}
void OldLogFunction(bool, std::string) {}
void OldLogFunctionByReference(bool, const std::string&) {}

TEST(EventLoopConstructor, TakesEveryKindOfLogFunction)
{
    int context = 0;
    const LogFn log_fn = LogFunction;
    std::optional<EventLoop> loop;
    loop.emplace("mptest", [](LogMessage) {});
    loop.emplace("mptest", LogFunction);
    loop.emplace("mptest", log_fn, &context);
    EXPECT_EQ(loop->m_context, &context);
    loop.emplace("mptest", [](bool, std::string) {});
    loop.emplace("mptest", [](bool, const std::string&) {});
    loop.emplace("mptest", OldLogFunction);
    loop.emplace("mptest", OldLogFunctionByReference);
    LogOptions options = {.log_fn = LogFunction, .log_level = Log::Warning};
    loop.emplace("mptest", std::move(options), &context);
    EXPECT_EQ(loop->m_log_opts.log_level, Log::Warning);
    EXPECT_EQ(loop->m_log_opts.max_chars, 200u);
    EXPECT_STREQ(loop->m_exe_name, "mptest");
    EXPECT_EQ(loop->m_thread_id, std::this_thread::get_id());
}

TEST(EventLoopConstructor, OldLogFunctionIsToldWhatToRaise)
{
    std::vector<std::pair<bool, std::string>> messages;
    EventLoop loop("mptest", [&](bool raise, const std::string& message) { messages.emplace_back(raise, message); });
    MP_LOGPLAIN(loop, Log::Info) << "info " << 1;
    MP_LOGPLAIN(loop, Log::Raise) << "raise " << 2;
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0], std::pair(false, std::string("info 1")));
    EXPECT_EQ(messages[1], std::pair(true, std::string("raise 2")));
}

TEST(EventLoopLog, FormatsNothingBelowTheLevel)
{
    Logs logs;
    EventLoop loop("mptest", LogOptions{.log_fn = logs.fn(), .log_level = Log::Warning});
    int formatted = 0;
    auto value = [&] { return ++formatted; };
    MP_LOG(loop, Log::Info) << value();
    EXPECT_EQ(formatted, 0);
    MP_LOG(loop, Log::Warning) << value();
    EXPECT_EQ(formatted, 1);
    EXPECT_TRUE(logs.has("{mptest-" + std::to_string(getpid()) + "/"));
}

TEST(EventLoopLife, ReturnsAfterTheLastReference)
{
    Logs logs;
    {
        EventLoop loop("mptest", logs.options());
        std::thread thread([ref = std::make_shared<EventLoopRef>(loop)]() mutable {
            (*ref)->sync([] {});
            ref->reset();
        });
        loop.loop();
        thread.join();
    }
    EXPECT_TRUE(logs.hasLine(Log::Info, THREAD + "EventLoop::loop done, cancelling event listeners\\."));
    EXPECT_TRUE(logs.hasLine(Log::Info, THREAD + "EventLoop::loop bye\\."));
}

TEST(EventLoopLife, EndsAfterABarePost)
{
    std::promise<EventLoop*> started;
    std::thread thread([&] {
        EventLoop loop("mptest", LogFunction);
        started.set_value(&loop);
        loop.loop();
    });
    // Nothing else refers to the loop.
    bool ran = false;
    started.get_future().get()->sync([&] { ran = true; });
    thread.join();
    EXPECT_TRUE(ran);
}

TEST(EventLoopLife, WaitsForTheFirstReference)
{
    std::promise<EventLoop*> started;
    std::atomic<bool> returned{false};
    std::thread thread([&] {
        EventLoop loop("mptest", LogFunction);
        started.set_value(&loop);
        loop.loop();
        returned = true;
    });
    EventLoop* const loop = started.get_future().get();
    // Not after a reference only: nobody has taken one yet.
    EXPECT_FALSE(returned);
    std::optional<EventLoopRef> ref(std::in_place, *loop);
    loop->sync([] {});
    EXPECT_FALSE(returned);
    ref.reset();
    thread.join();
    EXPECT_TRUE(returned);
}

TEST(EventLoopLife, ReturnsWhenTheReferenceWasDroppedBefore)
{
    EventLoop loop("mptest", LogFunction);
    { const EventLoopRef ref(loop); }
    loop.loop();
}

TEST(EventLoopLife, ReferencesMayBeMoved)
{
    EventLoop loop("mptest", LogFunction);
    std::optional<EventLoopRef> first(std::in_place, loop);
    EventLoopRef second(std::move(*first));
    first.reset();
    EXPECT_EQ(&*second, &loop);
    second.reset();
    second.reset(); // again: nothing
    loop.loop();
}

TEST(EventLoopLife, RunsWhatWasPostedBeforeLoop)
{
    EventLoop loop("mptest", LogFunction);
    std::atomic<bool> ran{false};
    Signal posting;
    std::thread thread([&] {
        posting.set();
        loop.sync([&] { ran = true; });
    });
    EXPECT_TRUE(posting.wait());
    loop.loop();
    thread.join();
    EXPECT_TRUE(ran);
}

TEST(EventLoopLife, WaitsForCleanupFunctions)
{
    Logs logs;
    std::string order;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    Signal proceed;
    std::atomic<bool> on_loop{true};
    loop.sync([&] {
        loop.addAsyncCleanup([&] {
            EXPECT_TRUE(proceed.wait());
            on_loop = loop.isLoopThread();
            order += "first ";
        });
        loop.addAsyncCleanup([&] {
            order += "second ";
            // Still usable, also at the end.
            loop.sync([&] { loop.addAsyncCleanup([&] { order += "third"; }); });
        });
        loop.addAsyncCleanup([] { throw std::runtime_error("cleanup failed"); });
    });
    proceed.set();
    thread.release();
    EXPECT_EQ(order, "first second third");
    EXPECT_FALSE(on_loop);
    EXPECT_TRUE(logs.has(Log::Error, "cleanup failed"));
}

TEST(EventLoopPost, RunsAtOnceOnTheLoop)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    std::string order;
    loop.sync([&] {
        order += "a";
        EXPECT_EQ(loop.m_thread_id, std::this_thread::get_id());
        loop.sync([&] {
            order += "b";
            loop.post([&] { order += "c"; });
            order += "d";
        });
        order += "e";
    });
    EXPECT_EQ(order, "abcde");
}

TEST(EventLoopPost, ThrowsAtOnceOnTheLoop)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    bool caught = false;
    loop.sync([&] {
        try {
            loop.sync([] { throw std::runtime_error("inline"); });
        } catch (const std::runtime_error&) {
            caught = true;
        }
    });
    EXPECT_TRUE(caught);
}

TEST(EventLoopPost, LogsAnExceptionElsewhere)
{
    Logs logs;
    LoopThread thread(logs.options());
    thread.loop().post([] { throw std::runtime_error("posted"); });
    EXPECT_TRUE(logs.hasLine(Log::Error, THREAD + "EventLoop: m_post_fn threw: .*failed: std::exception: posted"))
        << logs.all();
    thread.loop().sync([] { throw 7; });
    EXPECT_TRUE(
        logs.hasLine(Log::Error, THREAD + "EventLoop: m_post_fn threw: .*unknown non-KJ exception of type: int"));
    EXPECT_EQ(logs.count("EventLoop: m_post_fn threw: "), 2u);
    bool ran = false;
    thread.loop().sync([&] { ran = true; });
    EXPECT_TRUE(ran);
}

TEST(EventLoopPost, TakesCallablesThatCannotBeCopied)
{
    Logs logs;
    LoopThread thread(logs.options());
    struct Callable
    {
        Callable() = default;
        Callable(const Callable&) = delete;
        Callable& operator=(const Callable&) = delete;
        void operator()() { ++calls; }
        int calls{0};
    } callable;
    thread.loop().sync(callable);
    thread.loop().sync(callable);
    EXPECT_EQ(callable.calls, 2);
    auto moved = std::make_unique<int>(5);
    int value = 0;
    thread.loop().post([moved = std::move(moved), &value] { value = *moved; });
    EXPECT_EQ(value, 5);
}

TEST(EventLoopPost, ServesManyThreadsOneAtATime)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    int64_t counter = 0; // not atomic
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 500; ++j) loop.sync([&] { ++counter; });
        });
    }
    for (auto& poster : threads) poster.join();
    EXPECT_EQ(counter, 16 * 500);
}

TEST(EventLoopPost, RunsWithoutLocks)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    bool ran = false;
    loop.sync([&] {
        // Another thread may use the loop's references and queues meanwhile.
        std::thread([&] {
            const EventLoopRef ref(loop);
            EventLoopRef moved(loop);
            moved.reset();
        }).join();
        loop.addAsyncCleanup([] {});
        ran = true;
    });
    EXPECT_TRUE(ran);
}

TEST(EventLoopPost, IsABarrierForThePostersEarlierWork)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    for (int i = 0; i < 100; ++i) {
        bool ran = false;
        loop.sync([&] { loop.m_task_set->add(kj::evalLater([&] { ran = true; })); });
        loop.sync([] {});
        bool seen = false;
        loop.sync([&] { seen = ran; });
        EXPECT_TRUE(seen);
    }
}

TEST(EventLoopCall, ThrowsWhatItsFunctionThrowsOnAnyThread)
{
    Logs logs;
    LoopThread thread(logs.options());
    EXPECT_THROW(thread.loop().call([] { throw std::out_of_range("x"); }), std::out_of_range);
    EXPECT_EQ(logs.countLevel(Log::Error), 0u);
}

TEST(EventLoopTasks, FailureIsLogged)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    loop.sync([&] {
        loop.m_task_set->add(kj::evalLater([]() -> kj::Promise<void> { return KJ_EXCEPTION(FAILED, "task failed"); }));
    });
    EXPECT_TRUE(logs.waitFor("task failed"));
    EXPECT_TRUE(logs.hasLine(Log::Error, THREAD + "Uncaught exception in daemonized task\\."));
}

TEST(EventLoopTasks, LeftOnesAreCancelled)
{
    Logs logs;
    bool destroyed = false;
    {
        LoopThread thread(logs.options());
        EventLoop& loop = thread.loop();
        loop.sync([&] {
            loop.m_task_set->add(kj::Promise<void>(kj::NEVER_DONE).attach(kj::defer([&] { destroyed = true; })));
        });
    }
    EXPECT_TRUE(destroyed);
}

} // namespace
} // namespace mp::test
