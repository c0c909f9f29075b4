#include <gtest/gtest.h>

#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <mp/proxy-io.h>
#include <rpc/support/bell.h>
#include <rpc/support/gate.h>
#include <rpc/support/logs.h>
#include <rpc/support/race.h>
#include <rpc/support/session.h>
#include <rpc/support/signal.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace mp::test {
namespace {

void NoLog(LogMessage) {}

TEST(LoopRace, IsDestroyedWhileOthersLeaveReset)
{
    for (int i = 0; i < REPEATS * 20; ++i) {
        constexpr int THREADS = 4;
        std::vector<std::thread> threads;
        std::barrier moment(THREADS);
        {
            EventLoop loop("mptest", NoLog);
            for (int t = 0; t < THREADS; ++t) {
                threads.emplace_back([&moment, ref = std::make_shared<EventLoopRef>(loop)] {
                    moment.arrive_and_wait();
                    ref->reset();
                });
            }
            loop.loop();
        }
        for (auto& thread : threads) thread.join();
    }
}

TEST(LoopRace, IsDestroyedWhileOthersLeavePost)
{
    for (int i = 0; i < REPEATS * 20; ++i) {
        constexpr int THREADS = 4;
        std::vector<std::thread> threads;
        std::barrier moment(THREADS);
        std::atomic<int> ran{0};
        {
            EventLoop loop("mptest", NoLog);
            for (int t = 0; t < THREADS; ++t) {
                threads.emplace_back([&moment, &ran, ref = std::make_shared<EventLoopRef>(loop)]() mutable {
                    EventLoop& loop = **ref;
                    moment.arrive_and_wait();
                    // The last of these holds the last reference to the loop.
                    loop.post([&, ref = std::move(ref)] {
                        ++ran;
                        ref->reset();
                    });
                });
            }
            loop.loop();
        }
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(ran, THREADS);
    }
}

TEST(LoopRace, PostsComeWhileTheLoopEnds)
{
    for (int i = 0; i < REPEATS * 10; ++i) {
        std::vector<std::thread> threads;
        std::atomic<int> ran{0};
        {
            EventLoop loop("mptest", NoLog);
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back([&ran, ref = std::make_shared<EventLoopRef>(loop)] {
                    for (int n = 0; n < 20; ++n) (*ref)->sync([&] { ++ran; });
                    ref->reset();
                });
            }
            loop.loop();
        }
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(ran, 4 * 20);
    }
}

TEST(LoopRace, CleanupFunctionHoldsTheLastReference)
{
    for (int i = 0; i < REPEATS * 20; ++i) {
        bool ran = false;
        {
            EventLoop loop("mptest", NoLog);
            loop.addAsyncCleanup([&] { ran = true; });
            loop.loop();
        }
        EXPECT_TRUE(ran);
    }
}

//! Feeds a loop events by a socket, without any reference to it.
class Ticker
{
public:
    explicit Ticker(EventLoop& loop) : m_sockets(SocketPair())
    {
        m_stream = loop.m_io_context.lowLevelProvider->wrapSocketFd(
            m_sockets[0], kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        loop.m_task_set->add(read());
    }
    ~Ticker() { close(m_sockets[1]); }

    //! One event; returns when the loop has handled it.
    void tick()
    {
        const int before = m_ticks;
        ASSERT_EQ(write(m_sockets[1], "x", 1), 1);
        while (m_ticks == before) std::this_thread::yield();
    }

private:
    kj::Promise<void> read()
    {
        return m_stream->tryRead(&m_byte, 1, 1).then([this](size_t n) -> kj::Promise<void> {
            if (n == 0) return kj::READY_NOW;
            ++m_ticks;
            return read();
        });
    }

    const std::array<SocketId, 2> m_sockets;
    Stream m_stream;
    char m_byte{0};
    std::atomic<int> m_ticks{0};
};

// After 64 looks for events that it made alone, two for each event, the loop's thread changes the way in which it
// sleeps; the last reference may go at that very moment.
TEST(LoopRace, EndsWhicheverWayItSleeps)
{
    for (int i = 0; i < REPEATS * 10; ++i) {
        for (int ticks = 31; ticks <= 33; ++ticks) {
            Signal returned;
            std::promise<std::pair<Ticker*, std::unique_ptr<EventLoopRef>>> started;
            std::thread thread([&] {
                EventLoop loop("mptest", NoLog);
                Ticker ticker(loop);
                started.set_value({&ticker, std::make_unique<EventLoopRef>(loop)});
                loop.loop();
                returned.set();
            });
            auto [ticker, ref] = started.get_future().get();
            for (int n = 0; n < ticks; ++n) ticker->tick();
            // A sweep over the time in which the loop's thread goes back to sleep.
            StayBusy(i * std::chrono::nanoseconds(100));
            ref.reset();
            if (!returned.wait()) {
                std::fprintf(stderr, "loop() does not return after %d events\n", ticks);
                std::abort();
            }
            thread.join();
        }
    }
}

TEST(LoopRace, ACallReturnsWhileKjWaitsOnItsLoop)
{
    Session session;
    EventLoop& loop = session.clientLoop();
    Bell returned(loop);
    for (int i = 0; i < 100 * REPEATS; ++i) {
        Gate gate;
        session.impl.on_run = [&](const std::string& what) {
            gate.pass();
            return what;
        };
        std::thread caller([&] {
            EXPECT_EQ(session.client->run("x"), "x");
            returned.ring();
        });
        EXPECT_TRUE(gate.waitReached());
        // The caller, or the loop's thread, sleeps on the events for both.
        loop.sync([&] {
            gate.open();
            EXPECT_TRUE(returned.hear());
        });
        caller.join();
    }
}

} // namespace
} // namespace mp::test
