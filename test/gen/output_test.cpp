#include "output.h"

#include "error.h"
#include "support.h"

#include <gmock/gmock.h>

namespace mp::gen {
namespace {

using namespace test;

TEST(Output, StagesInTheWorkingDirectoryAndCleansUp)
{
    const TempDir dir;
    {
        const Staging staging;
        WriteFile(staging.path() + "/deep/file", "text");
        EXPECT_EQ(dir.list().size(), 3u);
    }
    EXPECT_THAT(dir.list(), testing::IsEmpty());
}

TEST(Output, WritesFilesBelowNewDirectories)
{
    const TempDir dir;
    const Staging staging;
    staging.commit({{"a/b/c", "text"}, {"d", ""}});
    EXPECT_EQ(ReadText("a/b/c"), "text");
    EXPECT_EQ(ReadText("d"), "");
}

TEST(Output, NamesAFileThatIsMissing)
{
    const TempDir dir;
    try {
        ReadFile("missing");
        FAIL();
    } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "Failed to read missing");
    }
}

} // namespace
} // namespace mp::gen
