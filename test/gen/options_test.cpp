#include "options.h"

#include "compiler.h"
#include "error.h"
#include "output.h"
#include "support.h"

#include <filesystem>
#include <gmock/gmock.h>

namespace mp::gen {
namespace {

using namespace test;
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class OptionsTest : public testing::Test
{
protected:
    OptionsTest()
    {
        WriteFile("src/dir/a.capnp", Schema(""));
        fs::create_directory("one");
        fs::create_directory("two");
    }

    TempDir m_dir;
};

TEST_F(OptionsTest, StripPrefixesFromNames)
{
    const Options options = ParseOptions({"src", "src/dir", "src/dir/a.capnp"}, {});
    EXPECT_EQ(options.src_prefix, "src");
    EXPECT_EQ(options.src_file, "src/dir/a.capnp");
    EXPECT_EQ(options.output, "dir/a.capnp");
    EXPECT_EQ(options.include, "a.capnp");
}

TEST_F(OptionsTest, TakeADotForNoPrefix)
{
    const std::string file = m_dir.path() + "/src/dir/a.capnp";
    const Options options = ParseOptions({".", ".", file}, {});
    EXPECT_EQ(options.output, file);
    EXPECT_EQ(options.include, file);
}

TEST_F(OptionsTest, AppendStandardImportPathsThatExist)
{
    const Options options =
        ParseOptions({".", ".", "src/dir/a.capnp", "two"}, {"missing", "one", "two", "src/dir/a.capnp", "one"});
    EXPECT_THAT(options.import_paths, ElementsAre("two", "one"));
}

class CompilerTest : public OptionsTest
{
protected:
    static std::string failure(const Tools& tools)
    {
        const Staging staging;
        try {
            RunCompiler(tools, ParseOptions({".", ".", "src/dir/a.capnp", SCHEMA_DIR}, {}), staging.path());
        } catch (const Error& e) {
            return e.what();
        }
        return "";
    }
};

TEST_F(CompilerTest, RunsBothTools) { EXPECT_EQ(failure({CAPNP, CAPNPC_CXX}), ""); }

TEST_F(CompilerTest, NamesACompilerThatCannotBeRun)
{
    EXPECT_THAT(failure({"/no/such/capnp", CAPNPC_CXX}), HasSubstr("Invoking /no/such/capnp failed: "));
}

TEST_F(CompilerTest, FailsWithoutItsPlugin)
{
    EXPECT_EQ(failure({CAPNP, "/no/such/capnpc-c++"}), "Invoking " CAPNP " failed");
}

} // namespace
} // namespace mp::gen
