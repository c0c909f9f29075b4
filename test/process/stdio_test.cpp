// Children that are connected by their stdin and stdout.
#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

struct Worker
{
    Process process;
    Fd input;
    Fd output;
};

int Start(Command& command, Worker& worker, mp_error* error = nullptr)
{
    mp_process* process = nullptr;
    mp_handle input = -1, output = -1;
    const int r = mp_spawn_stdio(command.options(), &process, &input, &output, error);
    worker = {Process(process), Fd(input), Fd(output)};
    return r;
}

//! What it answers to a byte.
int Ask(const Worker& worker, unsigned char byte)
{
    if (write(worker.output.get(), &byte, 1) != 1 || !WaitReadable(worker.input.get())) return -1;
    return read(worker.input.get(), &byte, 1) == 1 ? byte : -1;
}

void ExpectWorks(Command& command)
{
    const Pipe errors = MakePipe();
    command.Stdio(2, errors.write.get());
    Worker worker;
    mp_error error{};
    ASSERT_EQ(Start(command, worker, &error), 0) << error.message;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask(worker, static_cast<unsigned char>(i)), i + 1);
    worker.output.Close();
    char text[64] = {};
    EXPECT_EQ(read(worker.input.get(), text, sizeof(text)), 0);
    EXPECT_EQ(Wait(worker.process.get()).value, 0);
    EXPECT_GT(read(errors.read.get(), text, sizeof(text) - 1), 0);
    EXPECT_STREQ(text, "a stray print\n");
}

TEST(Stdio, IsTheStream)
{
    Command command = ChildCommand("stdio_worker");
    ExpectWorks(command);
}

TEST(Stdio, OfAPrivateChild)
{
    EXPECT_EXIT(
        {
            Command command = ChildCommand("stdio_worker");
            ExpectWorks(command.Flags(MP_SPAWN_PRIVATE));
            _exit(HasFailure() ? 1 : 0);
        },
        testing::ExitedWithCode(0), "");
}

TEST(Stdio, ThroughALauncher)
{
    Command command({"/bin/sh", "-c", "exec \"$0\"", ChildPath("stdio_worker")});
    ExpectWorks(command);
}

TEST(Stdio, EndsWithTheChild)
{
    Command command = ChildCommand("exit_code", {"3"});
    Worker worker;
    ASSERT_EQ(Start(command, worker), 0);
    char byte;
    EXPECT_EQ(read(worker.input.get(), &byte, 1), 0);
    EXPECT_EQ(Wait(worker.process.get()).value, 3);
}

TEST(Stdio, EndsAreNotInherited)
{
    const Process sibling = [] {
        Command command = ChildCommand("stdio_worker");
        Worker worker;
        EXPECT_EQ(Start(command, worker), 0);
        EXPECT_EQ(fcntl(worker.input.get(), F_GETFD), FD_CLOEXEC);
        EXPECT_EQ(fcntl(worker.output.get(), F_GETFD), FD_CLOEXEC);
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
    EXPECT_EQ(Start(null.Null(1), worker, &error), MP_EINVAL);
    EXPECT_STREQ(error.message, "spawn: stdin and stdout are the stream");
    Command missing({"/no/such/program"});
    EXPECT_EQ(Start(missing, worker, &error), MP_ENOENT);
    EXPECT_EQ(mp_spawn_stdio(nullptr, nullptr, nullptr, nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_start_stdio(nullptr, nullptr, nullptr), MP_EINVAL);
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
