#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Unref, OfALiveChildThatTheApplicationReaps)
{
    Held held = StartHeld();
    const int pid = mp_process_pid(held.process.get());
    held.process.reset();
    held.hold.Close();
    while (WaitPid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    EXPECT_TRUE(WaitGone(pid)); // and the library's thread ends: the leak listener sees to that
}

TEST(Unref, InAForkedProcessLeavesTheChildAlone)
{
    Held held = StartHeld();
    const pid_t fork_pid = fork();
    if (fork_pid == 0) {
        mp_process_unref(held.process.release());
        _exit(0);
    }
    int status = -1;
    EXPECT_EQ(WaitPid(fork_pid, &status, 0), fork_pid);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, nullptr, nullptr), MP_ETIMEDOUT);
    held.hold.Close();
    EXPECT_EQ(Wait(held.process.get()).value, 0);
}

TEST(Unref, ANaiveDropLeavesAZombie)
{
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    EXPECT_TRUE(WaitZombie(pid));
    EXPECT_EQ(Children().count(pid), 1U); // what the leak listener looks for
    EXPECT_EQ(WaitPid(pid, nullptr, 0), pid);
}

} // namespace
} // namespace mp::test
