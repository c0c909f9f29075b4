#include <cstdlib>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Environment, EditsApplyInOrder)
{
    const char* const edits[] = {"A=2", "B", "C=3", "C=4", "D", "E=", "NOT_THERE", nullptr};
    Command command = ChildCommand("print_start");
    command.Env({"A=1", "B=1", "D=1", "D=2", "AA=5"}).mutable_options().env_edits = edits;
    EXPECT_EQ(EnvironmentIn(OutputOf(command)), (std::set<std::string>{"AA=5", "A=2", "C=4", "E="}));
}

TEST(Environment, EditsOfTheInheritedOne)
{
    const char* const edits[] = {"MP_TEST_EDIT=x=y", "PATH", nullptr};
    Command command = ChildCommand("print_start");
    command.mutable_options().env_edits = edits;
    const std::string output = OutputOf(command);
    EXPECT_NE(output.find("env MP_TEST_EDIT=x=y\n"), std::string::npos);
    EXPECT_EQ(output.find("env PATH="), std::string::npos);
    EXPECT_EQ(getenv("MP_TEST_EDIT"), nullptr);
    EXPECT_NE(getenv("PATH"), nullptr);
}

TEST(Environment, EditsNeedNames)
{
    for (const char* edit : {"", "=x", "="}) {
        const char* const edits[] = {"OK=1", edit, nullptr};
        Command command = ChildCommand("print_start");
        command.mutable_options().env_edits = edits;
        mp_error error;
        Process process;
        EXPECT_EQ(command.Spawn(process, &error), MP_EINVAL);
        EXPECT_EQ(std::string(error.message),
                  "spawn options: environment edit '" + std::string(edit) + "' has no name");
    }
}

} // namespace
} // namespace mp::test
