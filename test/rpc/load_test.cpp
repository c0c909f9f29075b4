// The library under load, and without any. MP_LOAD=N in the environment makes these tests N times as long.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <rpc/support/race.h>
#include <rpc/support/session.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace mp::test {
namespace {

int Factor()
{
    const char* const text = std::getenv("MP_LOAD");
    return text ? std::max(1, std::atoi(text)) : 1;
}

//! Times between calls: mostly none; else about as long as a thread looks before it sleeps, or as a burst goes on.
class ThinkTime
{
public:
    explicit ThinkTime(unsigned seed) : m_random(seed) {}

    void pass()
    {
        const unsigned kind = m_random() % 1000;
        if (kind < 700) return;
        if (kind < 990) {
            StayBusy(std::chrono::nanoseconds(m_random() % 120'000));
        } else {
            std::this_thread::sleep_for(std::chrono::microseconds(m_random() % 7'000));
        }
    }

private:
    std::mt19937 m_random;
};

//! Resident memory of this process.
size_t MemoryKib()
{
    std::ifstream file("/proc/self/statm");
    size_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * (static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 1024);
}

// A lost wake-up shows as a call that never returns.
TEST(Load, CallsReturnWhateverTheTimesBetweenThem)
{
    constexpr int CALLS = 5'000;
    // What is logged is kept, and there would be much of it.
    Session session(Loops::Two, Log::Warning);
    const std::unique_ptr<ServiceClient> second = session.connect();
    std::vector<std::thread> threads;
    std::atomic<size_t> memory{0}; // when every thread has made calls
    for (unsigned i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            ServiceClient& client = i < 3 ? *session.client : *second;
            ThinkTime time(i);
            FnCallback callback([](int32_t arg) { return arg + 1; });
            for (int j = 0; j < CALLS * Factor(); ++j) {
                switch ((j + i) % 8) {
                case 0: ASSERT_EQ(client.add(j, 1), j + 1); break;
                case 1: ASSERT_EQ(client.lend(callback, j), j + 1); break;
                default: ASSERT_EQ(client.addOnWorker(j, 1), j + 1); break;
                }
                time.pass();
                if (i == 0 && j == CALLS / 2) memory = MemoryKib();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
    EXPECT_LE(MemoryKib(), memory + 16 * 1024);
#endif
}

TEST(Load, IdleConnectionsTakeNoTime)
{
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own that works now and then";
#endif
    Session session;
    std::vector<std::unique_ptr<ServiceClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(session.connect());
        // What a burst of calls has left must be done at some time.
        for (int j = 0; j < 50; ++j) EXPECT_EQ(clients.back()->addOnWorker(i, j), i + j);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::clock_t before = std::clock();
    std::this_thread::sleep_for(std::chrono::seconds(1) * Factor());
    // 0.05 %, of one processor.
    EXPECT_LE(std::clock() - before, CLOCKS_PER_SEC / 2000 * Factor());
}

} // namespace
} // namespace mp::test
