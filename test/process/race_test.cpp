#include <atomic>
#include <barrier>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

//! Threads that repeat something until the scope ends.
class Background
{
public:
    template <typename Work>
    Background(int count, Work work)
    {
        for (int i = 0; i < count; ++i) {
            m_threads.emplace_back([this, work] {
                while (!m_stop) work();
            });
        }
    }
    ~Background()
    {
        m_stop = true;
        for (auto& thread : m_threads) thread.join();
    }

private:
    std::atomic<bool> m_stop{false};
    std::vector<std::thread> m_threads;
};

template <typename Work>
void InThreads(int count, Work work)
{
    std::barrier start(count);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            start.arrive_and_wait();
            work(i);
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(Race, SixtyFourThreadsSpawnAtOnce)
{
    InThreads(64, [](int i) {
        for (int round = 0; round < 3; ++round) {
            const Process process = ChildCommand("exit_code", {std::to_string(i)}).Start();
            const mp_exit exit = Wait(process.get());
            EXPECT_EQ(exit.how, MP_EXIT_EXITED);
            EXPECT_EQ(exit.value, i);
            Process none;
            EXPECT_EQ(Command({"/no/such/program"}).Spawn(none), MP_ENOENT);
        }
    });
}

TEST(Race, ChildrenGetTheirOwnDescriptorsOnly)
{
    // Two threads open and close without close-on-exec while four spawn, each with a pipe of its own.
    const Background openers(2, [] {
        int fd[2];
        if (pipe(fd) < 0) return; // NOLINT: inheritable on purpose
        close(fd[0]);
        close(fd[1]);
    });
    InThreads(4, [](int) {
        for (int round = 0; round < 15; ++round) {
            const Pipe own = MakePipe();
            Command command = ChildCommand("print_fds");
            command.Hand(own.read.get(), 9);
            const auto seen = ParseLines(OutputOf(command));
            EXPECT_EQ(seen.size(), 4U);
            EXPECT_EQ(seen.count("9"), 1U);
        }
    });
}

TEST(Race, APipeEndsWithItsChildWhileOthersSpawn)
{
    // Had any other child got a copy of the write end, the end of the pipe would wait for that child.
    Held held = StartHeld();
    InThreads(8, [](int) {
        for (int round = 0; round < 10; ++round) {
            Pipe pipe = MakePipe();
            const Process process = ChildCommand("exit_code").Stdio(1, pipe.write.get()).Start();
            const Held bystander = StartHeld();
            pipe.write.Close();
            EXPECT_EQ(ReadAll(pipe.read.get()), "");
            Wait(process.get());
            mp_process_kill(bystander.process.get(), SIGKILL);
            Wait(bystander.process.get());
        }
    });
    held.hold.Close();
    Wait(held.process.get());
}

TEST(Race, SpawnWhileOtherThreadsAllocate)
{
    // A child that allocated would meet a heap lock that is held for ever.
    const Background allocators(2, [] {
        const std::vector<std::string> strings(100, std::string(2000, 'x'));
    });
    for (int round = 0; round < 100; ++round) {
        const Process process = ChildCommand("exit_code", {"1"}).Start();
        EXPECT_EQ(Wait(process.get()).value, 1);
    }
}

TEST(Race, ANaiveChildMeetsALockThatIsHeldForEver)
{
    std::mutex mutex;
    Pipe locked = MakePipe(), done = MakePipe();
    std::thread holder([&] {
        const std::lock_guard<std::mutex> guard(mutex);
        locked.write.Close();
        WaitReadable(done.read.get());
    });
    EXPECT_TRUE(WaitReadable(locked.read.get()));
    const pid_t pid = fork();
    if (pid == 0) _exit(mutex.try_lock() ? 0 : 1);
    done.write.Close();
    holder.join();
    int status = 0;
    EXPECT_EQ(WaitPid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 1); // nobody in that process will ever unlock it
}

TEST(Race, StatusIsRightOrLostWhileTheApplicationReapsEverything)
{
    std::atomic<int> taken{0}, right{0}, lost{0};
    {
        const Background thief(1, [&] {
            if (WaitPid(-1, nullptr, WNOHANG) > 0) ++taken;
        });
        InThreads(4, [&](int i) {
            for (int round = 0; round < 25; ++round) {
                const int code = 10 * i + round % 10;
                const Process process = ChildCommand("exit_code", {std::to_string(code)}).Start();
                const mp_exit exit = Wait(process.get());
                if (exit.how == MP_EXIT_LOST) {
                    ++lost;
                } else {
                    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
                    EXPECT_EQ(exit.value, code);
                    ++right;
                }
            }
        });
    }
    EXPECT_EQ(right + lost, 100);
    EXPECT_EQ(taken, lost);
}

TEST(Race, AFailedSpawnIsInvisibleToAnApplicationThatReapsEverything)
{
    const Held held = StartHeld(); // so that there is always something to wait for
    std::atomic<int> taken{0};
    {
        const Background thief(1, [&] {
            if (WaitPid(-1, nullptr, WNOHANG) > 0) ++taken;
        });
        InThreads(4, [](int) {
            for (int round = 0; round < 50; ++round) {
                Process process;
                EXPECT_EQ(Command({"/no/such/program"}).Spawn(process), MP_ENOENT);
            }
        });
    }
    EXPECT_EQ(taken, 0);
    mp_process_kill(held.process.get(), SIGKILL);
    Wait(held.process.get());
}

TEST(Race, WaitKillAndUnrefFromManyThreads)
{
    for (int round = 0; round < 20; ++round) {
        Held held = StartHeld();
        mp_process* process = held.process.get();
        InThreads(8, [&](int i) {
            mp_process* own = mp_process_ref(process);
            if (i == 0) {
                EXPECT_EQ(mp_process_kill(own, SIGTERM), 0);
            }
            if (i % 2 == 0) {
                mp_exit exit = {};
                EXPECT_EQ(mp_process_wait(own, -1, &exit, nullptr), 0);
                EXPECT_EQ(exit.value, SIGTERM);
                EXPECT_EQ(mp_process_kill(own, SIGTERM), MP_ESRCH);
            } else {
                const int r = mp_process_kill(own, 0);
                EXPECT_TRUE(r == 0 || r == MP_ESRCH) << r;
            }
            mp_process_unref(own);
        });
    }
}

TEST(Race, UnrefWhileTheChildEnds)
{
    InThreads(8, [](int) {
        for (int round = 0; round < 25; ++round) {
            Process process = ChildCommand("exit_code").Start();
            const int pid = mp_process_pid(process.get());
            EXPECT_GT(pid, 0);
            if (round % 3 == 0) WaitReadable(mp_process_exit_fd(process.get()));
            process.reset();
        }
    });
    // The leak listener waits until no child and no thread is left.
}

TEST(Race, ReleaseWhileOthersWait)
{
    for (int round = 0; round < 20; ++round) {
        Held held = StartHeld();
        std::thread waiter([&] {
            const int r = mp_process_wait(held.process.get(), -1, nullptr, nullptr);
            EXPECT_EQ(r, MP_ECHILD);
        });
        mp_process_id id = -1;
        EXPECT_EQ(mp_process_release(held.process.get(), &id), 0);
        held.hold.Close();
        int status = -1;
        EXPECT_EQ(WaitPid(id, &status, 0), id);
        EXPECT_EQ(status, 0);
        waiter.join();
    }
}

TEST(Race, SignalsDuringSpawnAreNotLost)
{
    static std::atomic<int> caught;
    caught = 0;
    struct sigaction action = {}, before;
    action.sa_handler = [](int) { ++caught; };
    sigaction(SIGUSR1, &action, &before);
    std::atomic<bool> stop{false};
    std::atomic<int> rounds{0};
    std::thread spawner([&] {
        while (!stop) {
            const Process process = ChildCommand("exit_code", {"6"}).Start();
            EXPECT_EQ(Wait(process.get()).value, 6); // the child never sees the signal
            ++rounds;
        }
    });
    while (rounds < 50) pthread_kill(spawner.native_handle(), SIGUSR1);
    stop = true;
    spawner.join();
    EXPECT_GT(caught, 0);
    sigaction(SIGUSR1, &before, nullptr);
}

//! A process that spawns all the time, and its children; all of them have stdin and stdout.
struct Breeding
{
    Process parent;
    Fd hold;   // the children's stdin
    Fd output; // ends when all of them have
};

Breeding StartBreeding(const std::string& how)
{
    Pipe in = MakePipe(), out = MakePipe();
    Command command = ChildCommand("breed", {how, ChildPath("hold")});
    Process parent = command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Start();
    return {std::move(parent), std::move(in.write), std::move(out.read)};
}

//! Whether the output ends before anybody closes what holds the children.
bool EndsByItself(const Fd& output, int timeout_ms = DEADLINE_MS)
{
    char byte;
    std::ptrdiff_t n = 1; // not 0 if nothing comes at all
    while (WaitReadable(output.get(), timeout_ms) && (n = Read(output.get(), &byte, 1)) > 0) {}
    return n == 0;
}

using Microseconds = std::chrono::duration<int, std::micro>;

//! From the start to its first child.
Microseconds TimeToBreed(const std::string& how)
{
    const auto start = std::chrono::steady_clock::now();
    const Breeding breeding = StartBreeding(how);
    EXPECT_TRUE(WaitReadable(breeding.output.get()));
    EXPECT_EQ(mp_process_kill(breeding.parent.get(), SIGKILL), 0);
    return std::chrono::duration_cast<Microseconds>(std::chrono::steady_clock::now() - start);
}

void KillParentsAtAnyPoint(const std::string& how)
{
    constexpr int ROUNDS = 10; // and this test is repeated
    const Microseconds most = 3 * TimeToBreed(how);
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    for (int i = 0; i < ROUNDS; ++i) {
        const Breeding breeding = StartBreeding(how);
        std::this_thread::sleep_for(most * (random() % 1000) / 1000);
        EXPECT_EQ(mp_process_kill(breeding.parent.get(), SIGKILL), 0);
        EXPECT_EQ(Wait(breeding.parent.get()).value, SIGKILL);
        EXPECT_TRUE(EndsByItself(breeding.output)) << "round " << i << " of seed " << seed;
    }
}

TEST(Race, ParentKilledAtAnyPointLeavesNoChildThatIsToDieWithIt)
{
    KillParentsAtAnyPoint("ordinary");
}

TEST(Race, ParentKilledAtAnyPointLeavesNoPrivateChildThatIsToDieWithIt)
{
    KillParentsAtAnyPoint("private");
}

TEST(Race, ParentThatIsKilledNaivelyLeavesItsChildren)
{
    Breeding breeding = StartBreeding("untied");
    EXPECT_TRUE(WaitReadable(breeding.output.get()));
    EXPECT_EQ(mp_process_kill(breeding.parent.get(), SIGKILL), 0);
    EXPECT_EQ(Wait(breeding.parent.get()).value, SIGKILL);
    EXPECT_FALSE(EndsByItself(breeding.output, 100));
    breeding.hold.Close();
    EXPECT_TRUE(EndsByItself(breeding.output));
}

} // namespace
} // namespace mp::test
