#include "support.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>

namespace mp::test {
namespace {

//! The lines that begin with a text, in their order.
std::string LinesOf(const std::string& text, const std::string& begin)
{
    std::string found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.compare(0, begin.size(), begin) == 0) found += line + "\n";
    }
    return found;
}

TEST(CaptureExample, PrintsWhatEachChildPrintsInBothWays)
{
    const Result result = RunProgram(Command({ExamplePath("mpcapture")}));
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(result.exit.value, 0);
    const std::string first = "read by the library:\n";
    const std::string second = "read in a loop:\n";
    const size_t middle = result.out.find(second);
    ASSERT_EQ(result.out.compare(0, first.size(), first), 0) << result.out;
    ASSERT_NE(middle, std::string::npos) << result.out;
    for (const std::string& half :
         {result.out.substr(first.size(), middle - first.size()), result.out.substr(middle + second.size())}) {
        // Of a child, its streams and its end come in any order.
        const std::string counted = "counter out: 1\ncounter out: 2\ncounter out: 3\n";
        EXPECT_EQ(LinesOf(half, "counter out"), counted);
        EXPECT_EQ(LinesOf(half, "doubter out"), "doubter out: all is well\n");
        EXPECT_EQ(LinesOf(half, "doubter err"), "doubter err: is it?\n");
        EXPECT_EQ(LinesOf(half, "victim out"), "victim out: not yet f (no line break)\n");
        EXPECT_EQ(LinesOf(half, "counter ended"), "counter ended with exit code 0\n");
        EXPECT_EQ(LinesOf(half, "doubter ended"), "doubter ended with exit code 3\n");
        EXPECT_EQ(LinesOf(half, "victim was"), "victim was killed by signal 9\n");
        EXPECT_EQ(std::count(half.begin(), half.end(), '\n'), 9) << half;
    }
}

TEST(CaptureExample, NamesAProgramThatIsNotThere)
{
    const Result result = RunProgram(Command({ExamplePath("mpcapture")}).Env({"PATH=/no/such/directory"}));
    EXPECT_EQ(result.out, "read by the library:\n");
    EXPECT_EQ(result.err, "mpcapture: spawn 'sh': No such file or directory\n");
    EXPECT_EQ(result.exit.value, 1);
}

TEST(CaptureExample, SaysThatItsOutputIsLost)
{
    const Result result = RunProgram(Command({"/bin/sh", "-c", "exec \"$0\" >/dev/full", ExamplePath("mpcapture")}));
    EXPECT_EQ(result.err, "mpcapture: write: Input/output error\n");
    EXPECT_EQ(result.exit.value, 1);
}

} // namespace
} // namespace mp::test
