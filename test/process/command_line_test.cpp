#include <string>
#include <vector>

#include <gtest/gtest.h>

extern "C" {
#include <mp/process/command_line.h>
}

namespace mp::test {
namespace {

std::string CommandLine(const std::vector<std::string>& args)
{
    std::vector<const char*> argv;
    for (const auto& arg : args) argv.push_back(arg.c_str());
    argv.push_back(nullptr);
    std::string text(mp_priv_command_line(argv.data(), nullptr, 0), '\0');
    mp_priv_command_line(argv.data(), text.data(), text.size() + 1);
    return text;
}

//! What CommandLineToArgvW makes of the arguments behind the first.
std::vector<std::string> Parse(const std::string& line)
{
    std::vector<std::string> args;
    bool quoted = false, open = false;
    for (size_t i = 0; i < line.size();) {
        size_t backslashes = 0;
        while (i < line.size() && line[i] == '\\') ++backslashes, ++i;
        const bool quote = i < line.size() && line[i] == '"';
        if (backslashes > 0 || quote) {
            if (!open) args.emplace_back();
            open = true;
        }
        if (backslashes > 0) args.back().append(quote ? backslashes / 2 : backslashes, '\\');
        if (quote) {
            if (backslashes % 2 == 1) {
                args.back() += '"';
            } else {
                quoted = !quoted;
            }
            ++i;
        } else if (i < line.size() && backslashes == 0) {
            if (!quoted && (line[i] == ' ' || line[i] == '\t')) {
                open = false;
            } else {
                if (!open) args.emplace_back();
                open = true;
                args.back() += line[i];
            }
            ++i;
        }
    }
    return args;
}

TEST(CommandLine, QuotesWhatNeedsIt)
{
    EXPECT_EQ(CommandLine({}), "");
    EXPECT_EQ(CommandLine({""}), R"("")");
    EXPECT_EQ(CommandLine({"a", "", "b"}), R"(a "" b)");
    EXPECT_EQ(CommandLine({"has space"}), R"("has space")");
    EXPECT_EQ(CommandLine({"say \"hi\""}), R"("say \"hi\"")");
    EXPECT_EQ(CommandLine({R"(C:\a\b)"}), R"(C:\a\b)");
    EXPECT_EQ(CommandLine({"*.c", "?"}), R"("*.c" "?")");
    EXPECT_EQ(CommandLine({R"(trailing backslash\)"}), R"("trailing backslash\\")");
    EXPECT_EQ(CommandLine({R"(back\\"slash quote)"}), R"("back\\\\\"slash quote")");
}

TEST(CommandLine, SurvivesTakingApart)
{
    // Every string of up to four of the characters that matter, as an argument between two others.
    const std::string alphabet = "a \"\\\t";
    std::vector<std::string> all = {""};
    for (size_t begin = 0, length = 1; length <= 4; ++length) {
        const size_t end = all.size();
        for (; begin < end; ++begin) {
            for (const char c : alphabet) all.push_back(all[begin] + c);
        }
    }
    for (const auto& arg : all) {
        const std::vector<std::string> args = {"first", arg, "last\\"};
        ASSERT_EQ(Parse(CommandLine(args)), args) << "'" << arg << "'";
    }
}

TEST(CommandLine, IsCutAtTheSizeOfTheBuffer)
{
    const char* const argv[] = {"abc", "def", nullptr};
    char text[5];
    EXPECT_EQ(mp_priv_command_line(argv, text, sizeof(text)), 7U);
    EXPECT_STREQ(text, "abc ");
}

} // namespace
} // namespace mp::test
