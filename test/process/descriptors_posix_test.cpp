#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

using Lines = std::map<std::string, std::string>;

std::string Target(int fd)
{
    return Descriptors()[fd];
}

//! What a child sees, spawned by `command` with its standard output redirected to a pipe.
Lines Census(Command command)
{
    return ParseLines(OutputOf(command));
}

Command PrintFds()
{
    return ChildCommand("print_fds");
}

TEST(Descriptors, ChildHasStdioOnly)
{
    const Pipe close_on_exec = MakePipe();
    const Fd inheritable(dup(close_on_exec.read.get()));
    const Lines seen = Census(PrintFds());
    EXPECT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen.at("0"), Target(0));
    EXPECT_EQ(seen.at("2"), Target(2));
}

//! The naive way, to prove that the census sees what it must.
Lines NaiveCensus()
{
    return ParseLines(NaiveOutputOf(ChildPath("print_fds")));
}

TEST(Descriptors, CensusCatchesANaiveSpawn)
{
    const Pipe close_on_exec = MakePipe();
    const Fd inheritable(dup(close_on_exec.read.get()));
    EXPECT_EQ(NaiveCensus().count(std::to_string(inheritable.get())), 1U);
}

TEST(Descriptors, NullDeviceReplacesStdio)
{
    const Lines seen = Census(PrintFds().Null(0).Null(2));
    EXPECT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen.at("0"), "/dev/null");
    EXPECT_EQ(seen.at("2"), "/dev/null");
}

TEST(Descriptors, OneHandleServesAsSeveralStdio)
{
    Pipe pipe = MakePipe();
    const Process process =
        PrintFds().Stdio(1, pipe.write.get()).Stdio(2, pipe.write.get()).Null(0).Start();
    pipe.write.Close();
    const Lines seen = ParseLines(ReadAll(pipe.read.get()));
    EXPECT_EQ(seen.at("1"), seen.at("2"));
    EXPECT_EQ(Wait(process.get()).value, 0);
}

TEST(Descriptors, StdioMayBeSwapped)
{
    const Pipe in = MakePipe();
    const Pipe out = MakePipe();
    EXPECT_EXIT(
        {
            // stdin of the child is our stdout and the other way round.
            dup2(in.read.get(), 1);
            dup2(out.write.get(), 0);
            if (write(in.write.get(), "turn", 4) != 4) _exit(2);
            const Process process = ChildCommand("copy", {"0", "1"}).Stdio(0, 1).Stdio(1, 0).Start();
            char text[4];
            if (Read(out.read.get(), text, 4) != 4 || std::string(text, 4) != "turn") _exit(3);
            mp_process_kill(process.get(), SIGKILL);
            Wait(process.get());
            _exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST(Descriptors, ClosedStdioStaysClosed)
{
    EXPECT_EXIT(
        {
            const Pipe pipe = MakePipe();
            close(0);
            close(2); // the library's own descriptors now take 0 and 2 while it works
            Process process = PrintFds().Stdio(1, pipe.write.get()).Start();
            Wait(process.get());
            char text[256];
            const ssize_t size = Read(pipe.read.get(), text, sizeof(text));
            const Lines seen = ParseLines(std::string(text, size > 0 ? static_cast<size_t>(size) : 0));
            _exit(seen.size() == 1 && seen.count("1") == 1 ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST(Descriptors, InheritedStdioSurvivesACloseOnExecFlag)
{
    EXPECT_EXIT(
        {
            fcntl(0, F_SETFD, FD_CLOEXEC);
            const Lines seen = Census(PrintFds());
            _exit(seen.count("0") == 1 && fcntl(0, F_GETFD) == FD_CLOEXEC ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST(Descriptors, AreHandedOverUnderTheirNumbers)
{
    const Pipe pipe = MakePipe();
    const Lines seen = Census(PrintFds().Hand(pipe.read.get(), 17).Hand(pipe.write.get(), 4).Hand(pipe.read.get(), 90));
    EXPECT_EQ(seen.size(), 6U);
    EXPECT_EQ(seen.at("17"), Target(pipe.read.get()));
    EXPECT_EQ(seen.at("4"), Target(pipe.write.get()));
    EXPECT_EQ(seen.at("90"), Target(pipe.read.get()));
}

TEST(Descriptors, KeepTheirNumberIfAskedTo)
{
    const Pipe pipe = MakePipe();
    const Lines seen = Census(PrintFds().Hand(pipe.read.get(), pipe.read.get()));
    EXPECT_EQ(seen.size(), 4U);
    EXPECT_EQ(seen.at(std::to_string(pipe.read.get())), Target(pipe.read.get()));
    EXPECT_EQ(fcntl(pipe.read.get(), F_GETFD), FD_CLOEXEC); // in the parent nothing changed
}

TEST(Descriptors, MaySwapAndRotateNumbers)
{
    // Distinguishable by target: three pipes.
    const Pipe a = MakePipe();
    const Pipe b = MakePipe();
    const Pipe c = MakePipe();
    const int x = a.read.get(), y = b.read.get(), z = c.read.get();
    const Lines swapped = Census(PrintFds().Hand(x, y).Hand(y, x));
    EXPECT_EQ(swapped.size(), 5U);
    EXPECT_EQ(swapped.at(std::to_string(x)), Target(y));
    EXPECT_EQ(swapped.at(std::to_string(y)), Target(x));
    const Lines rotated = Census(PrintFds().Hand(x, y).Hand(y, z).Hand(z, x));
    EXPECT_EQ(rotated.size(), 6U);
    EXPECT_EQ(rotated.at(std::to_string(y)), Target(x));
    EXPECT_EQ(rotated.at(std::to_string(z)), Target(y));
    EXPECT_EQ(rotated.at(std::to_string(x)), Target(z));
}

TEST(Descriptors, MayLandOnTheNumbersThatTheLibraryUses)
{
    // Whatever numbers the report pipe, the pidfd and the null device get, some child number is one of them.
    const Pipe pipe = MakePipe();
    const std::string target = Target(pipe.read.get());
    for (int number = 3; number < 40; ++number) {
        SCOPED_TRACE(number);
        const Lines seen = Census(PrintFds().Null(0).Hand(pipe.read.get(), number));
        EXPECT_EQ(seen.size(), 4U);
        EXPECT_EQ(seen.at(std::to_string(number)), target);
        Process process;
        EXPECT_EQ(Command({"/no/such/program"}).Null(0).Hand(pipe.read.get(), number).Spawn(process), MP_ENOENT);
    }
}

TEST(Descriptors, ManyAreHandedOverAtOnce)
{
    const Pipe pipe = MakePipe();
    Command command = PrintFds();
    for (int i = 0; i < 200; ++i) command.Hand(i % 2 == 0 ? pipe.read.get() : pipe.write.get(), 3 + i);
    const Lines seen = Census(std::move(command));
    EXPECT_EQ(seen.size(), 203U);
    EXPECT_EQ(seen.at("3"), Target(pipe.read.get()));
    EXPECT_EQ(seen.at("202"), Target(pipe.write.get()));
}

TEST(Descriptors, StdioMayAlsoBeHandedOver)
{
    const Lines seen = Census(PrintFds().Hand(2, 9));
    EXPECT_EQ(seen.at("9"), seen.at("2"));
}

TEST(Descriptors, OfHighNumbersAreClosedToo)
{
    const Pipe pipe = MakePipe();
    const Fd high(fcntl(pipe.read.get(), F_DUPFD, 5000));
    ASSERT_GE(high.get(), 5000);
    EXPECT_EQ(Census(PrintFds()).size(), 3U);
}

} // namespace
} // namespace mp::test
