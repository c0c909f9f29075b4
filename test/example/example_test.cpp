#include "support.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <unistd.h>

namespace mp::test {
namespace {

Result Solve(const std::string& input) { return RunProgram(Command({ExamplePath("mpexample")}), input); }

void ExpectExit(const Result& result, int code)
{
    EXPECT_EQ(result.exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(result.exit.value, code) << result.err;
}

TEST(Example, PrintsEquationsWithTheirValues)
{
    const Result result = Solve("1 + 1\n2 * (3 + 4)\n");
    EXPECT_EQ(result.out, "1 + 1 = 2\n2 * (3 + 4) = 14\n");
    EXPECT_EQ(result.err, "");
    ExpectExit(result, 0);
}

TEST(Example, TakesALastLineWithoutItsEnd)
{
    const Result result = Solve("1+1\n2^10");
    EXPECT_EQ(result.out, "1+1 = 2\n2^10 = 1024\n");
    ExpectExit(result, 0);
}

TEST(Example, EndsWellWithoutInput)
{
    const Result result = Solve("");
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "");
    ExpectExit(result, 0);
}

TEST(Example, SkipsEmptyLines)
{
    const Result result = Solve("\n  \n\t\r\n7\n\n");
    EXPECT_EQ(result.out, "7 = 7\n");
    ExpectExit(result, 0);
}

TEST(Example, NamesTheColumnOfAnErrorAndGoesOn)
{
    const Result result = Solve("1 +\n1/0\n2 2\n(1\n3*4\n");
    EXPECT_EQ(result.out, "3*4 = 12\n");
    EXPECT_EQ(result.err, "1 +: column 4: expected a number\n"
                          "1/0: column 2: division by zero\n"
                          "2 2: column 3: unexpected '2'\n"
                          "(1: column 1: parenthesis is not closed\n");
    ExpectExit(result, 0);
}

TEST(Example, SolvesAThousandEquationsInOrder)
{
    std::string input;
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        const std::string equation = std::to_string(i) + " * 2";
        input += equation + "\n";
        expected += equation + " = " + std::to_string(2 * i) + "\n";
    }
    const Result result = Solve(input);
    EXPECT_EQ(result.out, expected);
    EXPECT_EQ(result.err, "");
    ExpectExit(result, 0);
}

TEST(Example, SolvesALongEquation)
{
    std::string equation = "1";
    for (int i = 1; i < 20000; ++i) equation += "+1";
    const Result result = Solve(equation + "\n");
    EXPECT_EQ(result.out, equation + " = 20000\n");
    ExpectExit(result, 0);
}

TEST(Example, RefusesDeepNestingWithoutHarm)
{
    const Result result = Solve(std::string(100000, '(') + "\n1\n");
    EXPECT_EQ(result.out, "1 = 1\n");
    EXPECT_NE(result.err.find("too deeply nested"), std::string::npos);
    ExpectExit(result, 0);
}

TEST(Example, TakesAnyBytes)
{
    const Result result = Solve(std::string("\xff\xfe\x01\x00 1\n2\n", 8));
    EXPECT_EQ(result.out, "2 = 2\n");
    EXPECT_NE(result.err.find("column 1: "), std::string::npos);
    ExpectExit(result, 0);
}

TEST(Example, AnswersEachEquationAtOnce)
{
    Example example;
    for (int i = 0; i < 10; ++i) {
        const std::string number = std::to_string(i);
        example.write(number + "\n");
        EXPECT_EQ(example.readLine(), number + " = " + number);
    }
    example.closeInput();
    const Result result = example.finish();
    EXPECT_EQ(result.out + result.err, "");
    ExpectExit(result, 0);
}

TEST(Example, RefusesOtherArguments)
{
    for (const std::vector<std::string>& args :
         {std::vector<std::string>{"1+1"}, {"--calculator"}, {"--stdio", "mpcalculator"}}) {
        std::vector<std::string> argv{ExamplePath("mpexample")};
        argv.insert(argv.end(), args.begin(), args.end());
        const Result result = RunProgram(Command(argv));
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(result.err.find("Usage: mpexample "), 0u) << result.err;
        ExpectExit(result, 2);
    }
}

TEST(Example, NamesAMissingChild)
{
    char name[] = "/tmp/mp_example_test_XXXXXX";
    const std::string dir = mkdtemp(name);
    const std::string program = dir + "/mpexample";
    ASSERT_EQ(symlink(ExamplePath("mpexample").c_str(), program.c_str()), 0);
    const Result result = RunProgram(Command({program}), "1+1\n");
    unlink(program.c_str());
    rmdir(dir.c_str());
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "mpexample: spawn '" + dir + "/mpprinter': No such file or directory\n");
    ExpectExit(result, 1);
}

TEST(Example, EndsWithoutStandardInput)
{
    const Result result = RunProgram(Command({"/bin/sh", "-c", "exec \"$0\" <&-", ExamplePath("mpexample")}));
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.exit.how, MP_EXIT_EXITED) << result.err;
}

TEST(Example, SaysWhenNobodyReadsItsOutput)
{
    Pipe in = MakePipe();
    Pipe err = MakePipe();
    Pipe out = MakePipe();
    out.read.Close();
    Command command({ExamplePath("mpexample")});
    const Process process =
        command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Stdio(2, err.write.get()).Start();
    in.read.Close();
    err.write.Close();
    ASSERT_EQ(write(in.write.get(), "1+1\n", 4), 4);
    const std::string error = ReadAll(err.read.get());
    EXPECT_EQ(error.find("mpexample: "), 0u) << error;
    EXPECT_NE(error.find("cannot write to standard output"), std::string::npos) << error;
    const mp_exit exit = Wait(process.get());
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(exit.value, 1);
}

TEST(ExampleChildren, SayThatTheyAreNotStartedByHand)
{
    for (const std::string name : {"mpcalculator", "mpprinter"}) {
        for (const std::vector<std::string>& args : {std::vector<std::string>{}, {"1", "2"}}) {
            std::vector<std::string> argv{ExamplePath(name)};
            argv.insert(argv.end(), args.begin(), args.end());
            const Result result = RunProgram(Command(argv));
            EXPECT_EQ(result.out, "");
            EXPECT_EQ(result.err, name + ": started by mpexample, not by hand\n");
            ExpectExit(result, 1);
        }
    }
}

TEST(ExampleChildren, RefuseAWrongConnectInfo)
{
    for (const std::string name : {"mpcalculator", "mpprinter"}) {
        for (const std::string info : {"abc", "", "-1", "99999999999999999999"}) {
            const Result result = RunProgram(Command({ExamplePath(name), info}));
            EXPECT_EQ(result.out, "");
            EXPECT_EQ(result.err, name + ": StartSpawned: invalid connect_info '" + info + "': Invalid argument\n");
            ExpectExit(result, 1);
        }
    }
}

TEST(ExampleChildren, RefuseADescriptorThatIsNoSocket)
{
    for (const std::string name : {"mpcalculator", "mpprinter"}) {
        for (const std::string info : {"0", "987"}) {
            const Result result = RunProgram(Command({ExamplePath(name), info}));
            EXPECT_EQ(result.out, "");
            EXPECT_EQ(result.err.find(name + ": "), 0u) << result.err;
            ExpectExit(result, 1);
        }
    }
}

} // namespace
} // namespace mp::test
