#include <atomic>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Wait, SurvivesSignalHandlers)
{
    Held held = StartHeld();
    struct sigaction action = {}, before;
    action.sa_handler = [](int) {}; // without SA_RESTART: system calls are interrupted
    sigaction(SIGUSR1, &action, &before);
    std::atomic<bool> done{false};
    std::thread waiter([&] {
        EXPECT_EQ(mp_process_wait(held.process.get(), -1, nullptr, nullptr), 0);
        done = true;
    });
    for (int i = 0; i < 100; ++i) pthread_kill(waiter.native_handle(), SIGUSR1);
    held.hold.Close();
    waiter.join();
    EXPECT_TRUE(done);
    sigaction(SIGUSR1, &before, nullptr);
}

TEST(Wait, ReportsResourceUsage)
{
    const Process process = ChildCommand("burn", {"60", "65536"}).Start();
    const mp_exit exit = Wait(process.get());
    EXPECT_EQ(exit.value, 0);
    EXPECT_GE(exit.user_time_us + exit.system_time_us, 50000);
    EXPECT_GE(exit.max_rss_kib, 60000);
}

TEST(Wait, SaysLostIfTheApplicationTookTheStatus)
{
    const Process process = ChildCommand("exit_code", {"3"}).Start();
    int status = 0;
    const pid_t taken = WaitPid(-1, &status, 0);
    if (taken < 0) { // a watching thread was faster
        EXPECT_EQ(Wait(process.get()).value, 3);
        return;
    }
    EXPECT_EQ(taken, mp_process_pid(process.get()));
    const mp_exit exit = Wait(process.get());
    EXPECT_EQ(exit.how, MP_EXIT_LOST);
    EXPECT_EQ(exit.value, 0);
    EXPECT_EQ(Wait(process.get()).how, MP_EXIT_LOST);
    EXPECT_EQ(mp_process_kill(process.get(), SIGTERM), MP_ESRCH);
}

TEST(Wait, SaysLostIfSigchldIsIgnored)
{
    std::signal(SIGCHLD, SIG_IGN);
    Held held = StartHeld();
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, nullptr, nullptr), MP_ETIMEDOUT);
    held.hold.Close();
    EXPECT_EQ(Wait(held.process.get()).how, MP_EXIT_LOST);
    std::signal(SIGCHLD, SIG_DFL);
}

TEST(Wait, IgnoresOtherChildren)
{
    const pid_t other = fork();
    if (other == 0) _exit(9);
    Held held = StartHeld();
    EXPECT_TRUE(WaitZombie(other));
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, nullptr, nullptr), MP_ETIMEDOUT);
    held.hold.Close();
    EXPECT_EQ(Wait(held.process.get()).value, 0);
    int status = 0;
    EXPECT_EQ(WaitPid(other, &status, 0), other); // still there for its owner
    EXPECT_EQ(WEXITSTATUS(status), 9);
}

TEST(ExitFd, IsReadableAfterTheEndAndStaysSo)
{
    Held held = StartHeld();
    const int fd = mp_process_exit_fd(held.process.get());
    EXPECT_FALSE(WaitReadable(fd, 0));
    held.hold.Close();
    EXPECT_TRUE(WaitReadable(fd));
    mp_exit exit;
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, &exit, nullptr), 0);
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_TRUE(WaitReadable(fd, 0));
}

TEST(Release, HandsTheChildOver)
{
    Held held = StartHeld();
    mp_process_id id = -1;
    EXPECT_EQ(mp_process_release(held.process.get(), &id), 0);
    EXPECT_EQ(id, mp_process_pid(held.process.get()));
    EXPECT_EQ(mp_process_wait(held.process.get(), -1, nullptr, nullptr), MP_ECHILD);
    EXPECT_EQ(mp_process_kill(held.process.get(), SIGKILL), MP_ESRCH);
    EXPECT_EQ(mp_process_release(held.process.get(), &id), MP_ECHILD);
    held.process.reset();
    held.hold.Close();
    int status = -1;
    EXPECT_EQ(WaitPid(id, &status, 0), id);
    EXPECT_EQ(status, 0);
}

TEST(Release, HandsAChildOverThatEndedUnseen)
{
    Process process = ChildCommand("exit_code", {"3"}).Start();
    ASSERT_TRUE(WaitReadable(mp_process_exit_fd(process.get())));
    mp_process_id id = -1;
    ASSERT_EQ(mp_process_release(process.get(), &id), 0);
    process.reset();
    int status = -1;
    EXPECT_EQ(WaitPid(id, &status, 0), id);
    EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST(Release, RefusesAChildWhoseEndWasSeen)
{
    const Process process = ChildCommand("exit_code").Start();
    Wait(process.get());
    mp_process_id id = -1;
    EXPECT_EQ(mp_process_release(process.get(), &id), MP_ECHILD);
    EXPECT_EQ(id, -1);
    EXPECT_EQ(mp_process_release(nullptr, &id), MP_EINVAL);
    EXPECT_EQ(mp_process_release(process.get(), nullptr), MP_EINVAL);
}

} // namespace
} // namespace mp::test
