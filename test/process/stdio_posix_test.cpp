#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>
#include <support/worker.h>

namespace mp::test {
namespace {

TEST(Stdio, EndsAreCloseOnExec)
{
    Command command = ChildCommand("exit_code");
    Worker worker;
    ASSERT_EQ(StartWorker(command, worker), 0);
    EXPECT_EQ(fcntl(worker.input.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(worker.output.get(), F_GETFD), FD_CLOEXEC);
    Wait(worker.process.get());
}

TEST(Stdio, OfAPrivateChild)
{
    EXPECT_EXIT(
        {
            Command command = ChildCommand("stdio_worker");
            ExpectWorks(command.Flags(MP_SPAWN_PRIVATE));
            ExitWithResult();
        },
        testing::ExitedWithCode(0), "");
}

TEST(Stdio, ThroughALauncher)
{
    Command command({"/bin/sh", "-c", "exec \"$0\"", ChildPath("stdio_worker")});
    ExpectWorks(command);
}

TEST(Stdio, StartNeedsStdinAndStdout)
{
    for (int closed = 0; closed < 2; ++closed) {
        EXPECT_EXIT(
            {
                close(closed);
                mp_handle input;
                mp_handle output;
                mp_error error;
                const int r = mp_start_stdio(&input, &output, &error);
                _exit(r == MP_EBADF && error.stage == MP_STAGE_STDIO ? 0 : 1);
            },
            testing::ExitedWithCode(0), "");
    }
}

} // namespace
} // namespace mp::test
