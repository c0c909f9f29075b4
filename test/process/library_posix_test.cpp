#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include <support/exported_names.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

std::string OutputOfTool(std::vector<std::string> args)
{
    Command command(std::move(args));
    Pipe pipe = MakePipe();
    Process process;
    if (command.Stdio(1, pipe.write.get()).Spawn(process) < 0) return "";
    pipe.write.Close();
    const std::string output = ReadAll(pipe.read.get());
    Wait(process.get());
    return output;
}

TEST(Library, NeedsLibcAlone)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizer runtimes come on top";
#endif
    const std::string dynamic = OutputOfTool({"readelf", "-d", MP_TEST_SHARED_LIBRARY});
    if (dynamic.empty()) GTEST_SKIP() << "no readelf";
    const std::regex needed("\\(NEEDED\\).*\\[(.*)\\]");
    const std::regex allowed("(libc|libpthread|ld-linux[-a-z0-9_]*)\\.so\\..*");
    int count = 0;
    for (std::sregex_iterator it(dynamic.begin(), dynamic.end(), needed), end; it != end; ++it, ++count) {
        EXPECT_TRUE(std::regex_match((*it)[1].str(), allowed)) << (*it)[1];
    }
    EXPECT_GT(count, 0);
    EXPECT_NE(dynamic.find("[libmp-process.so.0]"), std::string::npos); // its name
}

std::vector<std::string> Defined(const std::string& symbols)
{
    std::vector<std::string> names;
    std::istringstream in(symbols);
    for (std::string address, kind, name; in >> address >> kind >> name;) names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

TEST(Library, ExportsItsInterfaceAndNothingElse)
{
    const std::string symbols = OutputOfTool({"nm", "-D", "--defined-only", MP_TEST_SHARED_LIBRARY});
    if (symbols.empty()) GTEST_SKIP() << "no nm";
    auto names = Defined(symbols);
    // What a sanitizer adds for itself.
    names.erase(std::remove_if(names.begin(), names.end(),
                               [](const auto& name) { return name[0] == '_' || name.find("asan") != name.npos; }),
                names.end());
    EXPECT_EQ(names, EXPORTED_NAMES);
}

} // namespace
} // namespace mp::test
