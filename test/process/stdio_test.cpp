// Children that are connected by their stdin and stdout.
#include <gtest/gtest.h>

#include <support/spawn.h>
#include <support/worker.h>

namespace mp::test {
namespace {

TEST(Stdio, IsTheStream)
{
    Command command = ChildCommand("stdio_worker");
    ExpectWorks(command);
}

TEST(Stdio, EndsWithTheChild)
{
    Command command = ChildCommand("exit_code", {"3"});
    Worker worker;
    ASSERT_EQ(StartWorker(command, worker), 0);
    char byte;
    EXPECT_EQ(Read(worker.input.get(), &byte, 1), 0);
    EXPECT_EQ(Wait(worker.process.get()).value, 3);
}

TEST(Stdio, EndsAreNotInherited)
{
    const Process sibling = [] {
        Command command = ChildCommand("stdio_worker");
        Worker worker;
        EXPECT_EQ(StartWorker(command, worker), 0);
        // The only writer of the child's stdin is closed here.
        return std::move(worker.process);
    }();
    EXPECT_EQ(Wait(sibling.get()).how, MP_EXIT_EXITED);
}

TEST(Stdio, RefusesBadArguments)
{
    Worker worker;
    mp_error error;
    Command null = ChildCommand("exit_code");
    EXPECT_EQ(StartWorker(null.Null(1), worker, &error), MP_EINVAL);
    EXPECT_STREQ(error.message, "spawn: stdin and stdout are the stream");
    Command missing({"/no/such/program"});
    EXPECT_EQ(StartWorker(missing, worker, &error), MP_ENOENT);
    EXPECT_EQ(mp_spawn_stdio(nullptr, nullptr, nullptr, nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_start_stdio(nullptr, nullptr, nullptr), MP_EINVAL);
}

} // namespace
} // namespace mp::test
