#include "output.h"

#include "error.h"
#include "support.h"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mp::gen {
namespace {

namespace fs = std::filesystem;

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

TEST(Output, LeavesEverythingAsItIsWhereAFileCanNotBeWritten)
{
    const TempDir dir;
    WriteFile("a", "old");
    WriteFile("file", "");
    const Staging staging;
    const std::vector<std::string> before = dir.list();
    try {
        staging.commit({{"a", "new"}, {"file/below", "text"}});
        FAIL();
    } catch (const Error& e) {
        EXPECT_THAT(e.what(), testing::StartsWith("Failed to write file/below: "));
    }
    EXPECT_EQ(ReadText("a"), "old");
    EXPECT_EQ(dir.list(), before);
}

TEST(Output, IsStagedWhereItGoes)
{
    const TempDir dir;
    const Staging staging;
    fs::remove(staging.path());
    staging.commit({{"a/b", "text"}});
    EXPECT_EQ(ReadText("a/b"), "text");
    EXPECT_EQ(dir.list().size(), 2u);
}

TEST(Output, GoesToOtherFileSystems)
{
    const TempDir dir;
    struct stat here, there;
    if (stat(".", &here) != 0 || stat("/dev/shm", &there) != 0 || here.st_dev == there.st_dev ||
        access("/dev/shm", W_OK) != 0) {
        GTEST_SKIP() << "no other file system";
    }
    std::string other = "/dev/shm/mpgen-test-XXXXXX";
    ASSERT_NE(mkdtemp(other.data()), nullptr);
    WriteFile(other + "/t.capnp", Schema(""));
    EXPECT_EQ(RunMpgen({".", ".", other + "/t.capnp", SCHEMA_DIR}).status, 0);
    EXPECT_TRUE(fs::exists(other + "/t.capnp.proxy.h"));
    fs::remove_all(other);
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
