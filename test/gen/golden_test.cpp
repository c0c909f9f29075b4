#include "support.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <sstream>

namespace mp::gen {
namespace {

using namespace test;
namespace fs = std::filesystem;

std::vector<std::string> Schemas()
{
    return {"basic", "names", "extends", "base/base", "base/mid", "empty", "mapping", "values"};
}

class GoldenTest : public testing::TestWithParam<std::string>
{
protected:
    TempDir m_dir;
};

//! The first line where they differ, as "number: text"; empty when they don't.
std::string FirstDifference(const std::string& actual, const std::string& expected)
{
    std::istringstream actual_lines(actual);
    std::istringstream expected_lines(expected);
    for (int number = 1;; ++number) {
        std::string actual_line = "(no more lines)";
        std::string expected_line = actual_line;
        const bool more = static_cast<bool>(std::getline(actual_lines, actual_line));
        if (!std::getline(expected_lines, expected_line) && !more) return "";
        if (actual_line != expected_line) {
            return "line " + std::to_string(number) + " is\n" + actual_line + "\nand should be\n" + expected_line;
        }
    }
}

//! On purpose different? Run test/golden/update.
TEST_P(GoldenTest, GeneratesTheExpectedFiles)
{
    const std::string schema = GetParam() + ".capnp";
    fs::copy(GOLDEN_DIR, ".", fs::copy_options::recursive);
    const Outcome outcome = RunMpgen({".", ".", schema, SCHEMA_DIR});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    for (const char* suffix :
         {".proxy.h", ".proxy-types.h", ".proxy-client.c++", ".proxy-server.c++", ".proxy-types.c++"}) {
        const std::string expected = ReadText(std::string(GOLDEN_DIR) + "/expected/" + schema + suffix);
        EXPECT_EQ(FirstDifference(ReadText(schema + suffix), expected), "") << suffix;
    }
    EXPECT_TRUE(fs::exists(schema + ".h"));
    EXPECT_TRUE(fs::exists(schema + ".c++"));
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenTest, testing::ValuesIn(Schemas()), [](const auto& info) {
    std::string name = info.param;
    std::replace(name.begin(), name.end(), '/', '_');
    return name;
});

} // namespace
} // namespace mp::gen
