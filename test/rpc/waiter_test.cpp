#include <mp/thread-context.h>

#include <gtest/gtest.h>
#include <rpc/support/signal.h>
#include <thread>

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

} // namespace
} // namespace mp::test
