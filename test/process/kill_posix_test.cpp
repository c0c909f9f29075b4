#include <cerrno>
#include <csignal>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <mp/process/sys.h>
#include <support/fault.h>
#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Kill, AfterTheEndWasSeenIsEsrchWithoutASystemCall)
{
    const Process process = ChildCommand("exit_code").Start();
    Wait(process.get());
    WaitReadable(mp_process_exit_fd(process.get()));
    const Fault count(0, 0);
    EXPECT_EQ(mp_process_kill(process.get(), SIGTERM), MP_ESRCH);
    EXPECT_EQ(mp_process_kill(process.get(), 0), MP_ESRCH);
    EXPECT_EQ(Fault::calls(), 0);
}

TEST(Kill, RefusesSignalsThatDontExist)
{
    const Held held = StartHeld();
    EXPECT_EQ(mp_process_kill(held.process.get(), 12345), MP_EINVAL);
    EXPECT_EQ(mp_process_kill(held.process.get(), SIGKILL), 0);
    Wait(held.process.get());
}

int g_refusal;

int RefusedSignal(int, int, unsigned)
{
    errno = g_refusal;
    return -1;
}

TEST(Kill, NeedsNoSignalsByPidfds)
{
    const auto real = mp_priv_sys.pidfd_send_signal;
    for (const int err : {ENOSYS, EPERM}) {
        g_refusal = err;
        const Held held = StartHeld();
        mp_priv_sys.pidfd_send_signal = RefusedSignal;
        EXPECT_EQ(mp_process_kill(held.process.get(), 0), 0);
        EXPECT_EQ(mp_process_kill(held.process.get(), SIGKILL), 0);
        EXPECT_EQ(Wait(held.process.get()).value, SIGKILL);
        EXPECT_EQ(mp_process_kill(held.process.get(), SIGKILL), MP_ESRCH);
        mp_priv_sys.pidfd_send_signal = real;
    }
}

//! A child of ours that runs until killed, with a number of our choice; -1 if that is not allowed.
pid_t ForkWithNumber(pid_t number)
{
    clone_args args = {};
    args.exit_signal = SIGCHLD;
    args.set_tid = reinterpret_cast<uintptr_t>(&number);
    args.set_tid_size = 1;
    const long pid = syscall(SYS_clone3, &args, sizeof(args));
    while (pid == 0) pause();
    return static_cast<pid_t>(pid);
}

TEST(Kill, NeverReachesAStrangerWithTheSameNumber)
{
    const Fd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    if (self.get() < 0) GTEST_SKIP() << "the documented limit of systems without pidfds";
    Held held = StartHeld();
    const pid_t number = mp_process_pid(held.process.get());
    held.hold.Close();
    ASSERT_EQ(WaitPid(number, nullptr, 0), number); // the application takes it: the number is free
    const pid_t stranger = ForkWithNumber(number);
    if (stranger < 0) {
        EXPECT_EQ(Wait(held.process.get()).how, MP_EXIT_LOST);
        GTEST_SKIP() << "may not choose the number of a process";
    }
    ASSERT_EQ(stranger, number);
    const int r = mp_process_kill(held.process.get(), SIGKILL);
    EXPECT_EQ(r, MP_ESRCH);
    EXPECT_EQ(Wait(held.process.get()).how, MP_EXIT_LOST);
    EXPECT_EQ(WaitPid(number, nullptr, WNOHANG), 0) << "the stranger was hit";
    EXPECT_EQ(kill(number, SIGKILL), 0); // what a naive implementation does hits it
    EXPECT_EQ(WaitPid(number, nullptr, 0), number);
}

} // namespace
} // namespace mp::test
