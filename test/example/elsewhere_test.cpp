// The calculator is started by a command that hands on stdin and stdout.
#include "support.h"

#include <csignal>
#include <gtest/gtest.h>

namespace mp::test {
namespace {

const std::string CALCULATOR = ExamplePath("mpcalculator");

//! Arguments with which a shell starts the worker, its $0.
std::vector<std::string> Shell(const std::string& script, const std::string& worker = CALCULATOR)
{
    return {"--calculator", "/bin/sh", "-c", script, worker};
}

Result Solve(std::vector<std::string> args, const std::string& input)
{
    args.insert(args.begin(), ExamplePath("mpexample"));
    return RunProgram(Command(args), input);
}

void ExpectExit(const Result& result, int code)
{
    EXPECT_EQ(result.exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(result.exit.value, code) << result.err;
}

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Elsewhere, WithoutALauncher)
{
    const Result result = Solve({"--calculator", CALCULATOR, "--stdio"}, "1 + 1\n1 +\n");
    EXPECT_EQ(result.out, "1 + 1 = 2\n");
    EXPECT_EQ(result.err, "1 +: column 4: expected a number\n");
    ExpectExit(result, 0);
}

TEST(Elsewhere, ThroughAShell)
{
    const Result result = Solve(Shell("exec \"$0\" --stdio"), "2 * 3\n");
    EXPECT_EQ(result.out, "2 * 3 = 6\n");
    EXPECT_EQ(result.err, "");
    ExpectExit(result, 0);
}

TEST(Elsewhere, ThroughALauncherThatStays)
{
    const Result result = Solve(Shell("echo before >&2; \"$0\" --stdio; echo \"after $?\" >&2"), "2 * 3\n");
    EXPECT_EQ(result.out, "2 * 3 = 6\n");
    EXPECT_EQ(result.err, "before\nafter 0\n");
    ExpectExit(result, 0);
}

TEST(Elsewhere, ThroughALauncherThatCopies)
{
    const Result result = Solve(Shell("cat | \"$0\" --stdio | cat"), "2 * 3\n");
    EXPECT_EQ(result.out, "2 * 3 = 6\n");
    EXPECT_EQ(result.err, "");
    ExpectExit(result, 0);
}

TEST(Elsewhere, TakesMoreThanAPipeHolds)
{
    std::string equation = "1";
    for (int i = 1; i < 500'000; ++i) equation += "+1";
    const Result result = Solve(Shell("exec \"$0\" --stdio"), equation + "\n2\n");
    EXPECT_TRUE(result.out == equation + " = 500000\n2 = 2\n") << result.out.size();
    EXPECT_EQ(result.err, "");
    ExpectExit(result, 0);
}

TEST(Elsewhere, AWorkersPrintsGoToStandardError)
{
    const Result result = Solve(Shell("exec \"$0\" --stdio", ExamplePath("noisy_calculator")), "1+1\n2+2\n");
    EXPECT_EQ(result.out, "1+1 = 2\n2+2 = 4\n");
    std::string noise;
    for (int i = 0; i < 6; ++i) noise += "printf\ncout\nwrite\n";
    EXPECT_EQ(result.err, noise);
    ExpectExit(result, 0);
}

TEST(Elsewhere, ABannerIsShown)
{
    for (const std::string banner : {"Welcome\\n", "Last login: now\\nYou have mail.\\n", "\\033[0m", "> ", "\\r\\n"}) {
        const Result result = Solve(Shell("printf '" + banner + "'; exec \"$0\" --stdio"), "1+1\n");
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(result.err.find("mpexample: cannot connect: /bin/sh (pid "), 0u) << result.err;
        EXPECT_TRUE(Has(result.err, "message has too many segments, or is none: '")) << result.err;
        EXPECT_TRUE(Has(result.err, "'; does the peer, a launcher or a login script print into the stream?"))
            << result.err;
        ExpectExit(result, 1);
    }
    const Result result = Solve(Shell("echo Welcome; exec \"$0\" --stdio"), "1+1\n");
    EXPECT_TRUE(Has(result.err, "or is none: 'Welcome\\0a")) << result.err;
}

TEST(Elsewhere, ABannerOfOneCharacterIsShown)
{
    const Result result = Solve(Shell("echo; exec \"$0\" --stdio"), "1+1\n");
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(Has(result.err, "message is too large, or is none: '\\0a\\00\\00\\00\\00")) << result.err;
    ExpectExit(result, 1);
}

TEST(Elsewhere, NamesALauncherThatIsNotThere)
{
    const Result result = Solve({"--calculator", "/no/such/launcher"}, "1+1\n");
    EXPECT_EQ(result.err, "mpexample: spawn '/no/such/launcher': No such file or directory\n");
    ExpectExit(result, 1);
}

TEST(Elsewhere, SaysHowALauncherEndsThatFindsNoWorker)
{
    const Result result = Solve(Shell("exec \"$0\" --stdio", "/no/such/worker"), "1+1\n");
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(Has(result.err, "mpexample: cannot connect: /bin/sh (pid ")) << result.err;
    EXPECT_TRUE(Has(result.err, ") ended with exit code 127; ")) << result.err;
    ExpectExit(result, 1);
}

TEST(Elsewhere, RefusesAStandardInputThatIsClosed)
{
    const Result result = Solve(Shell("exec \"$0\" --stdio <&-"), "1+1\n");
    EXPECT_TRUE(Has(result.err, "mpcalculator: start on stdin and stdout: stdin: Bad file descriptor")) << result.err;
    ExpectExit(result, 1);
}

//! A shell that says on standard error which process the worker is, and then is it.
const std::string TELL_AND_EXEC = "echo $$ >&2; exec \"$0\" --stdio";

//! Get an equation solved. @return the worker
int WarmUp(Example& example)
{
    const int pid = std::stoi(example.readErrorLine());
    example.write("1+1\n?\n");
    EXPECT_EQ(example.readLine(), "1+1 = 2");
    EXPECT_EQ(example.readErrorLine(), "?: column 1: expected a number");
    return pid;
}

TEST(Elsewhere, TellsHowAWorkerIsKilled)
{
    Example example(Shell(TELL_AND_EXEC));
    const int pid = WarmUp(example);
    ASSERT_EQ(kill(pid, SIGKILL), 0);
    const Result result = example.finish();
    EXPECT_EQ(result.err, "mpexample: /bin/sh (pid " + std::to_string(pid) + ") was killed by signal 9 (Killed)\n");
    ExpectExit(result, 1);
}

TEST(Elsewhere, TellsWhenAWorkerIsKilledInTheMiddleOfACall)
{
    Example example(Shell(TELL_AND_EXEC));
    const int pid = WarmUp(example);
    // Stopped, it doesn't read, and the call doesn't fit into the pipe.
    ASSERT_EQ(kill(pid, SIGSTOP), 0);
    std::string equation = "1";
    for (int i = 1; i < 100'000; ++i) equation += "+1";
    example.write(equation + "\n");
    example.waitTaken();
    ASSERT_EQ(kill(pid, SIGKILL), 0);
    const Result result = example.finish();
    EXPECT_EQ(result.err, "mpexample: /bin/sh (pid " + std::to_string(pid) + ") was killed by signal 9 (Killed)\n");
    ExpectExit(result, 1);
}

TEST(Elsewhere, TellsHowTheLauncherOfAKilledWorkerEnds)
{
    Example example(Shell("/bin/sh -c '" + TELL_AND_EXEC + "' \"$0\"; exit 7"));
    ASSERT_EQ(kill(WarmUp(example), SIGKILL), 0);
    const Result result = example.finish();
    EXPECT_TRUE(Has(result.err, "mpexample: /bin/sh (pid ")) << result.err;
    EXPECT_TRUE(Has(result.err, ") ended with exit code 7\n")) << result.err;
    ExpectExit(result, 1);
}

TEST(Elsewhere, AWorkerEndsWhenItsParentIsKilled)
{
    Example example(Shell(TELL_AND_EXEC));
    WarmUp(example);
    example.kill();
    // It has the standard error, whose end is waited for here.
    const Result result = example.finish();
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.exit.how, MP_EXIT_SIGNALED);
}

} // namespace
} // namespace mp::test
