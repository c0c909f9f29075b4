#include <cerrno>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Spawn, ReportsTheExitCode)
{
    const Process process = ChildCommand("exit_code", {"7"}).Start();
    EXPECT_GT(mp_process_pid(process.get()), 0);
    const mp_exit exit = Wait(process.get());
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(exit.value, 7);
    EXPECT_EQ(exit.core_dumped, 0);
}

TEST(Spawn, ReturnsEnoentWhenProgramIsMissing)
{
    ExpectFailure(Command({"/no/such/program"}), MP_ENOENT, MP_STAGE_EXEC,
                  "spawn '/no/such/program': No such file or directory");
}

TEST(Spawn, ReturnsEnoentWhenProgramIsNotInPath)
{
    ExpectFailure(Command({"no-such-program-anywhere"}), MP_ENOENT, MP_STAGE_EXEC,
                  "spawn 'no-such-program-anywhere': No such file or directory");
}

TEST(Spawn, ReturnsEnoentWhenProgramIsEmpty)
{
    ExpectFailure(Command({""}), MP_ENOENT, MP_STAGE_EXEC, "spawn '': No such file or directory");
}

TEST(Spawn, ReturnsE2bigForTwoMebibytesOfArguments)
{
    std::vector<std::string> args(21, std::string(100000, 'x'));
    args.insert(args.begin(), ChildPath("exit_code"));
    Process process;
    mp_error error;
    EXPECT_EQ(Command(args).Spawn(process, &error), MP_E2BIG);
    EXPECT_EQ(error.stage, MP_STAGE_EXEC);
}

TEST(Spawn, ReturnsEnoentWhenTheWorkingDirectoryIsMissing)
{
    ExpectFailure(ChildCommand("exit_code").Cwd("/no/dir"), MP_ENOENT, MP_STAGE_CHDIR,
                  "spawn '..." + ChildPath("exit_code").substr(ChildPath("exit_code").size() - 27) +
                      "': working directory '/no/dir': No such file or directory");
}

TEST(Spawn, PassesArgumentsUnchanged)
{
    Command command = ChildCommand("print_start", {"", "two words", "quote\"", "back\\slash\\", "\xc3\xa9"});
    auto lines = ParseLines(OutputOf(command));
    EXPECT_EQ(lines["arg1"], "");
    EXPECT_EQ(lines["arg2"], "two words");
    EXPECT_EQ(lines["arg3"], "quote\"");
    EXPECT_EQ(lines["arg4"], "back\\slash\\");
    EXPECT_EQ(lines["arg5"], "\xc3\xa9");
}

TEST(Spawn, ReplacesTheEnvironment)
{
    Command command = ChildCommand("print_start");
    command.Env({"MP_TEST_ONLY=1"});
    EXPECT_EQ(EnvironmentIn(OutputOf(command)), std::set<std::string>{"MP_TEST_ONLY=1"});
}

TEST(Spawn, InheritsTheEnvironmentByDefault)
{
    SetEnvironment("MP_TEST_INHERITED", "yes");
    Command command = ChildCommand("print_start");
    const std::string output = OutputOf(command);
    SetEnvironment("MP_TEST_INHERITED", nullptr);
    EXPECT_NE(output.find("env MP_TEST_INHERITED=yes\n"), std::string::npos);
}

TEST(Spawn, KeepsErrno)
{
    Process process;
    errno = 77;
    EXPECT_EQ(Command({"/no/such/program"}).Spawn(process), MP_ENOENT);
    EXPECT_EQ(errno, 77);
    EXPECT_EQ(ChildCommand("exit_code").Spawn(process), 0);
    EXPECT_EQ(errno, 77);
    Wait(process.get());
    EXPECT_EQ(errno, 77);
}

} // namespace
} // namespace mp::test
