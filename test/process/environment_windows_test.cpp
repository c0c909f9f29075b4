#include <windows.h>

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

using Set = std::set<std::string>;

Set Edited(const std::vector<std::string>& env, const std::vector<const char*>& edits)
{
    std::vector<const char*> table = edits;
    table.push_back(nullptr);
    Command command = ChildCommand("print_start");
    command.Env(env).mutable_options().env_edits = table.data();
    return EnvironmentIn(OutputOf(command));
}

TEST(Environment, NamesHaveNoCase)
{
    EXPECT_EQ(Edited({"Path=1", "PATHEXT=2", "Other=3"}, {"PATH=4", "oTHER"}), (Set{"PATH=4", "PATHEXT=2"}));
    EXPECT_EQ(Edited({"A=1"}, {"B=2", "b=3"}), (Set{"A=1", "b=3"}));
}

TEST(Environment, NamesThatAreNotAsciiHaveNoCase)
{
    EXPECT_EQ(Edited({"\xc3\x89T\xc3\x89=1", "X=2"}, {"\xc3\xa9t\xc3\xa9=3"}), (Set{"\xc3\xa9t\xc3\xa9=3", "X=2"}));
    EXPECT_EQ(Edited({"\xc3\x89=1"}, {"\xc3\xa8=3"}), (Set{"\xc3\x89=1", "\xc3\xa8=3"}));
}

//! One of them has two bytes in UTF-8, the other one three.
TEST(Environment, NamesHaveNoCaseWhateverTheirSizeInUtf8)
{
    EXPECT_EQ(Edited({"\xc9\x90=1", "X=2"}, {"\xe2\xb1\xaf=3"}), (Set{"\xe2\xb1\xaf=3", "X=2"}));
}

TEST(Environment, KeepsWhatHasNoFormInUtf8)
{
    ASSERT_TRUE(SetEnvironmentVariableW(L"MP_HALF", L"\xd800"));
    const char* const edits[] = {"MP_TEST_EDIT=1", nullptr};
    Command command = ChildCommand("print_start");
    command.mutable_options().env_edits = edits;
    const Set seen = EnvironmentIn(OutputOf(command));
    EXPECT_TRUE(SetEnvironmentVariableW(L"MP_HALF", nullptr));
    EXPECT_EQ(seen.count("MP_TEST_EDIT=1"), 1U);
    EXPECT_EQ(seen.count("?"), 1U);
}

TEST(Environment, ComesSorted)
{
    Command command = ChildCommand("print_start");
    command.Env({"z=1", "B_=2", "a=3", "B=4", "AB=5"});
    const std::string output = OutputOf(command);
    std::vector<size_t> places;
    for (const char* entry : {"env a=3\n", "env AB=5\n", "env B=4\n", "env B_=2\n", "env z=1\n"}) {
        places.push_back(output.find(entry));
    }
    EXPECT_TRUE(std::is_sorted(places.begin(), places.end())) << output;
    EXPECT_NE(places.back(), std::string::npos);
}

TEST(Environment, MayBeEmpty)
{
    EXPECT_EQ(Edited({}, {}), Set{});
    EXPECT_EQ(Edited({"A=1"}, {"a"}), Set{});
}

TEST(Environment, GoesOnBehindAnEmptyString)
{
    EXPECT_EQ(Edited({"A=1", "", "B=2"}, {}), (Set{"A=1", "B=2"}));
    EXPECT_EQ(Edited({""}, {}), Set{});
}

TEST(Environment, MustBeUtf8)
{
    Process process;
    EXPECT_EQ(ChildCommand("print_start").Env({"A=\xff"}).Spawn(process), MP_EILSEQ);
}

} // namespace
} // namespace mp::test
