#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <support/listener.h>
#include <support/temp_dir.h>

namespace mp::test {
namespace {

constexpr int ROUNDS = 10; // and these tests are repeated

TEST(SocketFileRace, OneOfThoseThatStartAtOnceWins)
{
    constexpr int STARTERS = 4;
    for (int round = 0; round < ROUNDS; ++round) {
        SCOPED_TRACE(round);
        const TempDir dir;
        const std::string address = "unix:" + (dir / "socket");
        // Half of the time there is what a killed process leaves.
        if (round % 2 == 0) {
            Command command = ChildCommand("listen", {address});
            const Pipe in = MakePipe(), out = MakePipe();
            const Process killed = command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Start();
            char byte;
            ASSERT_EQ(Read(out.read.get(), &byte, 1), 1);
            ASSERT_EQ(mp_process_kill(killed.get(), SIGNAL_KILL), 0);
            Wait(killed.get());
        }
        std::barrier start(STARTERS), all_done(STARTERS);
        std::atomic<int> won{0};
        std::vector<std::thread> starters;
        for (int i = 0; i < STARTERS; ++i) {
            starters.emplace_back([&] {
                Listener listener;
                start.arrive_and_wait();
                const int r = Listen(address, listener);
                all_done.arrive_and_wait();
                if (r == 0) {
                    ++won;
                    ExpectServed(listener, address);
                } else {
                    EXPECT_EQ(r, MP_EADDRINUSE);
                }
            });
        }
        for (auto& starter : starters) starter.join();
        EXPECT_EQ(won, 1);
        EXPECT_EQ(dir.names(), std::set<std::string>{});
    }
}

TEST(SocketFileRace, ThereIsOneListenerAtATimeWhileSeveralComeAndGo)
{
    const TempDir dir;
    const std::string address = "unix:" + (dir / "socket");
    std::atomic<int> now{0}, times{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            while (times < 10 * ROUNDS) {
                Listener listener;
                const int r = Listen(address, listener);
                if (r == 0) {
                    EXPECT_EQ(++now, 1);
                    // Nobody has taken its file.
                    Socket client;
                    EXPECT_EQ(Connect(address, client), 0);
                    --now;
                    ++times;
                } else {
                    EXPECT_EQ(r, MP_EADDRINUSE);
                    std::this_thread::yield();
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(dir.names(), std::set<std::string>{});
}

TEST(SocketFileRace, OneOfTheProcessesThatStartAtOnceWins)
{
    const TempDir dir;
    const std::string address = "unix:" + (dir / "socket");
    // Each round leaves a stale file for the next one.
    for (int round = 0; round < ROUNDS; ++round) {
        SCOPED_TRACE(round);
        const Pipe in = MakePipe();
        Process processes[2];
        Pipe outputs[2];
        for (int i = 0; i < 2; ++i) {
            outputs[i] = MakePipe();
            Command command = ChildCommand("listen", {address});
            processes[i] = command.Stdio(0, in.read.get()).Stdio(1, outputs[i].write.get()).Start();
            outputs[i].write.Close();
        }
        int won = 0;
        for (int i = 0; i < 2; ++i) {
            char line[32] = {};
            ASSERT_GT(Read(outputs[i].read.get(), line, sizeof(line) - 1), 0);
            if (std::string(line) == "MP_OK\n") {
                ++won;
            } else {
                EXPECT_STREQ(line, "MP_EADDRINUSE\n");
            }
        }
        EXPECT_EQ(won, 1);
        for (auto& process : processes) {
            const int r = mp_process_kill(process.get(), SIGNAL_KILL);
            EXPECT_TRUE(r == 0 || r == MP_ESRCH) << r;
            Wait(process.get());
        }
    }
    const Listener listener = StartListener(address);
    ExpectServed(listener, address);
}

TEST(SocketFileRace, AListenerIsKilledAtAnyMomentAndReplaced)
{
    const TempDir dir;
    const std::string address = "unix:" + (dir / "socket");
    for (int round = 0; round < ROUNDS; ++round) {
        SCOPED_TRACE(round);
        const Pipe in = MakePipe(), out = MakePipe();
        Command command = ChildCommand("listen", {address});
        const Process killed = command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Start();
        // Somewhere between its first instruction and its last.
        for (int i = 0; i < round * 400; ++i) std::this_thread::yield();
        const int r = mp_process_kill(killed.get(), SIGNAL_KILL);
        EXPECT_TRUE(r == 0 || r == MP_ESRCH) << r;
        Wait(killed.get());
        const Listener listener = StartListener(address);
        ExpectServed(listener, address);
    }
}

} // namespace
} // namespace mp::test
