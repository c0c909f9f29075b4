#include "support.h"

#include <filesystem>
#include <gmock/gmock.h>

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
        EXPECT_EQ(ReadText(schema + suffix), ReadText(std::string(GOLDEN_DIR) + "/expected/" + schema + suffix))
            << suffix;
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
