#include <mp/thread-context.h>

#include <gtest/gtest.h>
#include <memory>
#include <mp/rpc/reactor.h>
#include <mp/rpc/runtime.h>
#include <mp/rpc/sleep-word.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <rpc/support/signal.h>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace mp::test {
namespace {

TEST(Waiters, HoldOnePostedFunction)
{
    Waiter waiter;
    int ran = 0;
    EXPECT_TRUE(waiter.post([&] { ran += 1; }));
    EXPECT_FALSE(waiter.post([&] { ran += 10; }));
    Lock lock(waiter.m_mutex);
    waiter.wait(lock, [] { return true; });
    EXPECT_EQ(ran, 1);
}

TEST(Waiters, RunFunctionsOnTheWaitingThreadUntilTheyAreTold)
{
    Waiter waiter;
    bool done = false;
    std::vector<std::thread::id> threads;
    Signal ran;
    std::thread thread([&] {
        Lock lock(waiter.m_mutex);
        waiter.wait(lock, [&] { return done; });
    });
    const std::thread::id id = thread.get_id();
    for (int i = 0; i < 10; ++i) {
        Signal one;
        // Busy with the one before, perhaps.
        while (!waiter.post([&] {
            threads.push_back(std::this_thread::get_id());
            one.set();
        })) {
            std::this_thread::yield();
        }
        EXPECT_TRUE(one.wait());
    }
    {
        // As applications do, by hand.
        const Lock lock(waiter.m_mutex);
        done = true;
        waiter.m_cv.notify_all();
    }
    thread.join();
    EXPECT_EQ(threads, std::vector<std::thread::id>(10, id));
}

TEST(Waiters, RunFunctionsInOrderWithoutTheLock)
{
    Waiter waiter;
    std::string order;
    waiter.enqueue([&] {
        order += "a";
        waiter.enqueue([&] { order += "d"; }); // would lock up
    });
    waiter.enqueue([&] { order += "b"; });
    waiter.enqueue([&] { order += "c"; });
    Lock lock(waiter.m_mutex);
    waiter.wait(lock, [] { return true; });
    EXPECT_EQ(order, "abcd");
}

TEST(Waiters, RunNothingWhileTheyAreHeld)
{
    Logs logs;
    LoopThread loop_thread(logs.options());
    Reactor& reactor = ReactorOf(loop_thread.loop());
    Waiter waiter;
    bool done = false;
    std::string order;
    Signal looked;
    Signal ran;
    waiter.hold();
    waiter.enqueue([&] {
        order += "task ";
        ran.set();
    });
    std::thread thread([&] {
        Lock lock(waiter.m_mutex);
        reactor.wait(waiter, lock, /* may_lead= */ false, [&] {
            if (!looked.isSet()) order += "look ";
            looked.set();
            return done;
        });
    });
    EXPECT_TRUE(looked.wait());
    waiter.release();
    EXPECT_TRUE(ran.wait());
    waiter.hold();
    // As when a call fails before it is sent.
    waiter.signal(done);
    thread.join();
    EXPECT_EQ(order, "look task ");
}

TEST(WakeUps, WakeEveryThread)
{
    constexpr int THREADS = 40; // more than there is room for
    std::vector<SleepWord> words(THREADS);
    std::vector<std::thread> threads;
    for (SleepWord& word : words) {
        word = 1;
        threads.emplace_back([&word] {
            while (word == 1) SleepOn(word);
        });
    }
    WakeUps wake_ups;
    for (SleepWord& word : words) {
        word = 0;
        wake_ups.add(word);
    }
    // On another thread than that which added them.
    std::thread([&] { wake_ups.perform(); }).join();
    for (std::thread& thread : threads) thread.join();
}

TEST(WakeUps, MayComeWhenTheThreadIsGone)
{
    WakeUps wake_ups;
    {
        auto* const page = mmap(nullptr, sizeof(SleepWord), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(page, MAP_FAILED);
        wake_ups.add(*new (page) SleepWord(0));
        munmap(page, sizeof(SleepWord));
    }
    wake_ups.perform();
    auto gone = std::make_unique<SleepWord>(0);
    wake_ups.add(*gone);
    gone.reset();
    WakeUps(std::move(wake_ups)).perform();
}

} // namespace
} // namespace mp::test
