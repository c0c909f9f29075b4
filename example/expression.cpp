#include "expression.h"

#include "calculator.h"

#include <charconv>
#include <cmath>

namespace {
//! Deeper expressions are refused, before they exhaust the stack.
constexpr int MAX_DEPTH = 1000;

//! Recursive descent; each function reads one level of precedence.
class Parser
{
public:
    explicit Parser(const std::string& text) : m_text(text) {}

    double parse()
    {
        const double value = sum();
        if (!atEnd()) fail("unexpected '" + std::string(1, m_text[m_position]) + "'", m_position);
        return value;
    }

private:
    [[noreturn]] void fail(std::string message, size_t position) const
    {
        throw CalculatorError{std::move(message), static_cast<uint32_t>(position + 1)};
    }

    bool atEnd()
    {
        while (m_position < m_text.size() && (m_text[m_position] == ' ' || m_text[m_position] == '\t')) ++m_position;
        return m_position == m_text.size();
    }

    //! The next character is this one: step over it.
    bool take(char c)
    {
        if (atEnd() || m_text[m_position] != c) return false;
        ++m_position;
        return true;
    }

    double sum()
    {
        double value = product();
        for (;;) {
            if (take('+')) {
                value += product();
            } else if (take('-')) {
                value -= product();
            } else {
                return value;
            }
        }
    }

    double product()
    {
        double value = negation();
        for (;;) {
            if (take('*')) {
                value *= negation();
            } else if (take('/')) {
                const size_t position = m_position - 1;
                const double divisor = negation();
                if (divisor == 0) fail("division by zero", position);
                value /= divisor;
            } else {
                return value;
            }
        }
    }

    double negation()
    {
        if (++m_depth > MAX_DEPTH) fail("too deeply nested", m_position);
        const double value = take('-') ? -negation() : power();
        --m_depth;
        return value;
    }

    double power()
    {
        const double base = atom();
        if (!take('^')) return base;
        const size_t position = m_position - 1;
        const double value = std::pow(base, negation());
        if (std::isnan(value)) fail("no real result", position);
        return value;
    }

    double atom()
    {
        if (take('(')) {
            const size_t opened = m_position - 1;
            const double value = sum();
            if (!take(')')) fail("parenthesis is not closed", opened);
            return value;
        }
        if (atEnd()) fail("expected a number", m_position);
        // Digits with at most one point; from_chars alone would also take "inf" and hide where a number ends.
        const size_t begin = m_position;
        bool digits = false;
        bool point = false;
        for (; m_position < m_text.size(); ++m_position) {
            const char c = m_text[m_position];
            if (c >= '0' && c <= '9') {
                digits = true;
            } else if (c == '.' && !point) {
                point = true;
            } else {
                break;
            }
        }
        if (!digits) {
            m_position = begin;
            fail("expected a number", begin);
        }
        double value = 0;
        const auto result = std::from_chars(m_text.data() + begin, m_text.data() + m_position, value);
        if (result.ec == std::errc::result_out_of_range) fail("number is too large", begin);
        return value;
    }

    const std::string& m_text;
    size_t m_position{0};
    int m_depth{0};
};
} // namespace

double Evaluate(const std::string& text) { return Parser(text).parse(); }

std::string FormatNumber(double value)
{
    // Fifteen digits hide that 0.1 + 0.2 is not quite 0.3.
    char buffer[64];
    const int n = snprintf(buffer, sizeof(buffer), "%.15g", value == 0 ? 0.0 : value);
    return std::string(buffer, n);
}
