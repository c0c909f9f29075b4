#include <windows.h>

#include <gtest/gtest.h>

#include <support/spawn.h>
#include <support/worker.h>

namespace mp::test {
namespace {

TEST(Stdio, StartNeedsStdinAndStdout)
{
    for (const DWORD name : {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE}) {
        for (const HANDLE closed : {static_cast<HANDLE>(nullptr), INVALID_HANDLE_VALUE}) {
            const HANDLE before = GetStdHandle(name);
            ASSERT_TRUE(SetStdHandle(name, closed));
            mp_handle input, output;
            mp_error error;
            EXPECT_EQ(mp_start_stdio(&input, &output, &error), MP_EBADF);
            EXPECT_EQ(error.stage, MP_STAGE_STDIO);
            SetStdHandle(name, before);
        }
    }
}

TEST(Stdio, PrintsGoNowhereWithoutStderr)
{
    const HANDLE before = GetStdHandle(STD_ERROR_HANDLE);
    ASSERT_TRUE(SetStdHandle(STD_ERROR_HANDLE, nullptr));
    Command command = ChildCommand("stdio_worker");
    Worker worker;
    EXPECT_EQ(StartWorker(command, worker), 0);
    SetStdHandle(STD_ERROR_HANDLE, before);
    EXPECT_EQ(Ask(worker, 1), 2);
    worker.output.Close();
    EXPECT_EQ(Wait(worker.process.get()).value, 0);
}

} // namespace
} // namespace mp::test
