#include "calculator.h"
#include "expression.h"

#include <cmath>
#include <gtest/gtest.h>

namespace mp::test {
namespace {

TEST(Expression, HasTheUsualPrecedence)
{
    const std::pair<const char*, double> table[] = {
        {"1", 1},
        {"1.5", 1.5},
        {".5", 0.5},
        {"5.", 5},
        {"  1\t+ 2 ", 3},
        {"1+2*3", 7},
        {"(1+2)*3", 9},
        {"2*3+4*5", 26},
        {"10-4-3", 3},
        {"100/10/5", 2},
        {"8/4*2", 4},
        {"1-2+3", 2},
        {"2^3", 8},
        {"2^3^2", 512},
        {"(2^3)^2", 64},
        {"2*3^2", 18},
        {"2^2*3", 12},
        {"-2^2", -4},
        {"(-2)^2", 4},
        {"2^-1", 0.5},
        {"-2^-2", -0.25},
        {"--3", 3},
        {"---3", -3},
        {"4--3", 7},
        {"4*-3", -12},
        {"4+-3", 1},
        {"-(1+2)", -3},
        {"((((7))))", 7},
        {"0^0", 1},
        {"4^.5", 2},
        {"1/4", 0.25},
        {"-0", 0},
        {"0.1+0.2", 0.1 + 0.2},
        {"123456789.125", 123456789.125},
    };
    for (const auto& [text, value] : table) EXPECT_DOUBLE_EQ(Evaluate(text), value) << text;
}

TEST(Expression, NamesTheColumnOfWhatIsWrong)
{
    struct Row
    {
        const char* text;
        uint32_t column;
        const char* message;
    };
    const Row table[] = {
        {"", 1, "expected a number"},
        {"   ", 4, "expected a number"},
        {"+", 1, "expected a number"},
        {"1 +", 4, "expected a number"},
        {"1 + ", 5, "expected a number"},
        {"1 + * 2", 5, "expected a number"},
        {"1 2", 3, "unexpected '2'"},
        {"1)", 2, "unexpected ')'"},
        {"(1", 1, "parenthesis is not closed"},
        {"2*((1+1)", 3, "parenthesis is not closed"},
        {"()", 2, "expected a number"},
        {"1/0", 2, "division by zero"},
        {"1/(2-2)", 2, "division by zero"},
        {"4 / -0", 3, "division by zero"},
        {"1.2.3", 4, "unexpected '.'"},
        {".", 1, "expected a number"},
        {"1e5", 2, "unexpected 'e'"},
        {"inf", 1, "expected a number"},
        {"nan", 1, "expected a number"},
        {"0x10", 2, "unexpected 'x'"},
        {"2 $ 3", 3, "unexpected '$'"},
        {"(-8)^.5", 5, "no real result"},
        {"\xc3\xa4", 1, "expected a number"},
    };
    for (const Row& row : table) {
        try {
            ADD_FAILURE() << row.text << " = " << Evaluate(row.text);
        } catch (const CalculatorError& e) {
            EXPECT_EQ(e.position, row.column) << row.text;
            EXPECT_EQ(e.message, row.message) << row.text;
        }
    }
}

TEST(Expression, RefusesANumberThatIsTooLarge)
{
    try {
        Evaluate("1+1" + std::string(400, '0'));
        ADD_FAILURE() << "no exception";
    } catch (const CalculatorError& e) {
        EXPECT_EQ(e.position, 3u);
        EXPECT_EQ(e.message, "number is too large");
    }
}

TEST(Expression, RefusesDeepNesting)
{
    EXPECT_EQ(Evaluate(std::string(400, '(') + "1" + std::string(400, ')')), 1);
    for (const char* opening : {"(", "-", "2^"}) {
        std::string text;
        for (int i = 0; i < 1000000; ++i) text += opening;
        EXPECT_THROW(Evaluate(text + "1"), CalculatorError) << opening;
    }
}

TEST(Expression, FormatsNumbersAsPeopleDo)
{
    EXPECT_EQ(FormatNumber(4), "4");
    EXPECT_EQ(FormatNumber(-4), "-4");
    EXPECT_EQ(FormatNumber(0.1 + 0.2), "0.3");
    EXPECT_EQ(FormatNumber(1e30), "1e+30");
    EXPECT_EQ(FormatNumber(-0.0), "0");
    EXPECT_EQ(FormatNumber(1.0 / 3), "0.333333333333333");
    EXPECT_EQ(FormatNumber(HUGE_VAL), "inf");
}

} // namespace
} // namespace mp::test
