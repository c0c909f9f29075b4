// What is left of the library in a process that the application forked at a bad moment.
#include <atomic>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <mp/process/sys.h>
#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

//! How a forked process ended; -1 after a deadline, and then it is killed.
int StatusOf(pid_t pid)
{
    const int pidfd = mp_priv_sys.pidfd_open(pid);
    const bool ended = pidfd < 0 || WaitReadable(pidfd, 20000);
    if (pidfd >= 0) close(pidfd);
    if (!ended) kill(pid, SIGKILL);
    int status = 0;
    WaitPid(pid, &status, 0);
    return ended ? status : -1;
}

bool RunsToItsEnd(uint64_t flags)
{
    Command command = ChildCommand("exit_code", {"3"});
    Process process;
    return command.Flags(flags).Spawn(process) == 0 && Wait(process.get()).value == 3;
}

void Detach()
{
    Held held = StartHeld();
    held.process.reset();
}

//! Threads are in all of the library while copies are made. It has threads of its own afterwards.
void ForkAmongSpawns()
{
    std::atomic<bool> over{false};
    std::thread keeper([&] {
        while (!over) EXPECT_TRUE(RunsToItsEnd(MP_SPAWN_DIE_WITH_PARENT));
    });
    std::thread reaper([&] {
        while (!over) Detach();
    });
    for (int i = 0; i < 50; ++i) {
        const pid_t copy = fork();
        if (copy == 0) {
            const bool well = RunsToItsEnd(MP_SPAWN_DIE_WITH_PARENT) && RunsToItsEnd(0);
            Detach();
            _exit(well ? 0 : 1);
        }
        EXPECT_EQ(StatusOf(copy), 0);
    }
    over = true;
    keeper.join();
    reaper.join();
}

TEST(Fork, CopyStartsChildrenWhileOthersAreStarted)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizer's own locks may be held in a copy of a process that had threads";
#endif
    EXPECT_EXIT(
        {
            ForkAmongSpawns();
            ExitWithResult();
        },
        testing::ExitedWithCode(0), "");
}

struct mp_priv_sys g_real;
std::atomic<bool> g_in_kill{false}, g_go_on{false};

void HoldUp()
{
    g_in_kill = true;
    g_in_kill.notify_one();
    g_go_on.wait(false);
}

int HeldUpSignal(int pidfd, int signal, unsigned flags)
{
    HoldUp();
    return g_real.pidfd_send_signal(pidfd, signal, flags);
}

int HeldUpKill(int pid, int signal)
{
    HoldUp();
    return g_real.kill(pid, signal);
}

TEST(Fork, CopyDropsAHandleThatAThreadWasIn)
{
    Held held = StartHeld();
    g_real = mp_priv_sys;
    mp_priv_sys.pidfd_send_signal = HeldUpSignal;
    mp_priv_sys.kill = HeldUpKill; // where there are no pidfds
    std::thread killer([&] { EXPECT_EQ(mp_process_kill(held.process.get(), SIGKILL), 0); });
    g_in_kill.wait(false);
    const pid_t copy = fork();
    if (copy == 0) {
        held.process.reset();
        _exit(0);
    }
    EXPECT_EQ(StatusOf(copy), 0);
    g_go_on = true;
    g_go_on.notify_one();
    killer.join();
    mp_priv_sys = g_real;
    EXPECT_EQ(Wait(held.process.get()).value, SIGKILL);
}

} // namespace
} // namespace mp::test
