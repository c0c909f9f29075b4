// Arguments on their way through a command line and the C runtime of the child.
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

using Vector = std::vector<std::string>;

//! Arguments that a child gets, as its C runtime sees them.
Vector Echo(const Vector& args)
{
    Command command = ChildCommand("print_args", args);
    const std::string output = OutputOf(command);
    Vector seen;
    for (size_t begin = 0, end; (end = output.find('\0', begin)) != std::string::npos; begin = end + 1) {
        seen.push_back(output.substr(begin, end - begin));
    }
    return seen;
}

class RandomVectors
{
public:
    Vector Next()
    {
        Vector args(Number(6) + 1);
        for (auto& arg : args) {
            for (size_t length = Number(12); length > 0; --length) arg += m_pieces[Number(m_pieces.size())];
        }
        return args;
    }

private:
    size_t Number(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(m_random); }

    std::mt19937 m_random{1};
    const Vector m_pieces{"a", "b", " ", " ", "\t", "\n", "\"", "\"", "\\", "\\", "\\\\", "\\\"", "'", "*", "?", "%", "^", "&",
                          "|", "<", ">", "/", "-", "~", "$", "`", "!", "(", ")", ";", ",", "=", "@", "#", "PATH",
                          "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
};

TEST(Arguments, ArriveUnchangedInTenThousandVectors)
{
    constexpr int VECTORS = 10'000;
    constexpr int ALONE = 100;
    constexpr size_t CHARACTERS = 20'000; // in one command line, before they are quoted
    RandomVectors random;
    Vector args;
    size_t size = 0;
    for (int i = 0; i < VECTORS; ++i) {
        size += 8;
        args.push_back("next");
        for (auto& arg : random.Next()) {
            size += arg.size() + 3;
            args.push_back(std::move(arg));
        }
        if (i >= ALONE && size < CHARACTERS / 2 && i + 1 < VECTORS) continue;
        ASSERT_EQ(Echo(args), args) << "up to number " << i;
        args.clear();
        size = 0;
    }
}

TEST(Arguments, MayBeLong)
{
    const std::string program = ChildPath("print_args.exe");
    // Each character is two bytes and one unit of the system, which takes 32,766.
    std::string longest;
    while (longest.size() / 2 + program.size() + 1 < 32'766) longest += "\xc3\xa9";
    Process process;
    EXPECT_EQ(Command({program, longest}).Null(1).Spawn(process), 0);
    EXPECT_EQ(Wait(process.get()).value, 0);
    EXPECT_EQ(Command({program, longest + "x"}).Null(1).Spawn(process), MP_E2BIG);
}

TEST(Arguments, MustBeUtf8)
{
    Process process;
    mp_error error;
    EXPECT_EQ(ChildCommand("print_args", {"\xff"}).Spawn(process, &error), MP_EILSEQ);
    EXPECT_EQ(error.stage, MP_STAGE_EXEC);
}

} // namespace
} // namespace mp::test
