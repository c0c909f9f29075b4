#include <mp/rpc/fair-mutex.h>

#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace mp::test {
namespace {

TEST(FairMutex, ExcludesOthers)
{
    constexpr int TIMES = 20000;
    FairMutex mutex;
    int count = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, tries = t % 2 == 0] {
            for (int i = 0; i < TIMES; ++i) {
                if (!tries) {
                    mutex.lock();
                } else {
                    while (!mutex.try_lock()) std::this_thread::yield();
                }
                ++count;
                mutex.unlock();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(count, 4 * TIMES);
}

TEST(FairMutex, PassesToWhoHasWaitedForLong)
{
    FairMutex mutex;
    for (int i = 0; i < 10; ++i) {
        mutex.lock();
        int passed = 0;
        std::vector<std::thread> threads;
        for (int t = 0; t < 3; ++t) {
            threads.emplace_back([&] {
                mutex.lock();
                ++passed;
                mutex.unlock();
            });
        }
        while (!mutex.awaited()) std::this_thread::yield();
        mutex.unlock();
        // It takes less time to lock again than to wake the other one up.
        if (i % 2 == 0 || !mutex.try_lock()) mutex.lock();
        EXPECT_GT(passed, 0);
        mutex.unlock();
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(passed, 3);
        EXPECT_FALSE(mutex.awaited());
    }
}

} // namespace
} // namespace mp::test
