#include "check.h"

#include "support.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <sstream>

namespace mp::gen {
namespace {

using namespace test;
namespace fs = std::filesystem;

//! The first lines of a bad schema: "# error: text".
std::vector<std::string> ExpectedErrors(const std::string& schema)
{
    std::vector<std::string> out;
    std::istringstream lines(ReadText(schema));
    const std::string prefix = "# error: ";
    for (std::string line; std::getline(lines, line) && line.compare(0, prefix.size(), prefix) == 0;) {
        out.push_back("mpgen error: " + line.substr(prefix.size()));
    }
    return out;
}

std::vector<std::string> ReportedErrors(const std::string& err)
{
    std::vector<std::string> out;
    std::istringstream lines(err);
    for (std::string line; std::getline(lines, line);) {
        if (line.compare(0, 12, "mpgen error:") == 0) out.push_back(line);
    }
    return out;
}

class BadSchemaTest : public testing::TestWithParam<std::string>
{
protected:
    TempDir m_dir;
};

TEST_P(BadSchemaTest, ReportsAllErrorsAndWritesNothing)
{
    const std::string dir = std::string(GOLDEN_DIR) + "/bad";
    const std::string schema = dir + "/" + GetParam() + ".capnp";
    const Outcome outcome = RunMpgen({dir, dir, schema, SCHEMA_DIR});
    EXPECT_EQ(outcome.status, 1);
    const std::vector<std::string> expected = ExpectedErrors(schema);
    const std::vector<std::string> reported = ReportedErrors(outcome.err);
    ASSERT_EQ(reported.size(), expected.size()) << outcome.err;
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_THAT(reported[i], testing::StartsWith(expected[i]));
    EXPECT_THAT(m_dir.list(), testing::IsEmpty());
}

std::vector<std::string> BadSchemas()
{
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(std::string(GOLDEN_DIR) + "/bad")) {
        if (entry.path().extension() == ".capnp") out.push_back(entry.path().stem());
    }
    return out;
}

INSTANTIATE_TEST_SUITE_P(Bad, BadSchemaTest, testing::ValuesIn(BadSchemas()),
                         [](const auto& info) { return info.param; });

TEST(Check, AcceptsTwoInterfacesForOneFunctionType)
{
    const TempDir dir;
    const Module module = LoadSchema(R"(
        interface A $Proxy.wrap("ProxyCallback<std::function<void()>>") { call @0 (); }
        interface B $Proxy.wrap("ProxyCallback<std::function<void()>>") { call @0 (); })");
    EXPECT_THAT(Check(module), testing::IsEmpty());
}

} // namespace
} // namespace mp::gen
