// A child dies: the parent says who and how, and ends at once.
#include "support.h"

#include <chrono>
#include <csignal>
#include <gtest/gtest.h>

namespace mp::test {
namespace {

//! A second, and what a busy machine takes.
constexpr auto SOON = std::chrono::seconds(3);

class ExampleKilled : public testing::TestWithParam<const char*>
{
protected:
    //! Kill the child, and expect the parent to report it.
    void killAndExpectReport()
    {
        const auto start = std::chrono::steady_clock::now();
        ASSERT_EQ(kill(m_pid, SIGKILL), 0);
        const Result result = m_example.finish();
        EXPECT_LT(std::chrono::steady_clock::now() - start, SOON);
        EXPECT_EQ(result.err, "mpexample: " + std::string(GetParam()) + " (pid " + std::to_string(m_pid) +
                                  ") was killed by signal 9 (Killed)\n");
        EXPECT_EQ(result.exit.how, MP_EXIT_EXITED);
        EXPECT_EQ(result.exit.value, 1);
        EXPECT_TRUE(WaitGone(m_pid));
    }
    //! Get an equation solved: all three processes are up then. The error tells that the parent waits for input again.
    void warmUp()
    {
        m_example.write("1+1\n?\n");
        EXPECT_EQ(m_example.readLine(), "1+1 = 2");
        EXPECT_EQ(m_example.readErrorLine(), "?: column 1: expected a number");
        m_pid = m_example.childPid(GetParam());
    }

    Example m_example;
    int m_pid{0};
};
INSTANTIATE_TEST_SUITE_P(Children, ExampleKilled, testing::Values("mpprinter", "mpcalculator"),
                         [](const auto& info) { return info.param; });

TEST_P(ExampleKilled, WhileIdle)
{
    warmUp();
    killAndExpectReport();
}

TEST_P(ExampleKilled, InTheMiddleOfACall)
{
    warmUp();
    // Stopped, it takes the call and doesn't answer.
    ASSERT_EQ(kill(m_pid, SIGSTOP), 0);
    m_example.write("2+2\n");
    m_example.waitTaken();
    killAndExpectReport();
}

TEST_P(ExampleKilled, InTheMiddleOfManyEquations)
{
    warmUp();
    std::string input;
    for (int i = 0; i < 2000; ++i) input += "1+1\n";
    m_example.write(input);
    EXPECT_EQ(m_example.readLine(), "1+1 = 2");
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(kill(m_pid, SIGKILL), 0);
    const Result result = m_example.finish();
    EXPECT_LT(std::chrono::steady_clock::now() - start, SOON);
    EXPECT_NE(result.err.find(std::string(GetParam()) + " (pid " + std::to_string(m_pid) +
                              ") was killed by signal 9 (Killed)\n"),
              std::string::npos)
        << result.err;
    EXPECT_EQ(result.exit.value, 1);
}

TEST_P(ExampleKilled, ByAnotherSignal)
{
    warmUp();
    ASSERT_EQ(kill(m_pid, SIGTERM), 0);
    const Result result = m_example.finish();
    EXPECT_EQ(result.err, "mpexample: " + std::string(GetParam()) + " (pid " + std::to_string(m_pid) +
                              ") was killed by signal 15 (Terminated)\n");
    EXPECT_EQ(result.exit.value, 1);
}

} // namespace
} // namespace mp::test
