// The child that evaluates equations.

#include "expression.h"
#include "serve.h"

namespace {
class CalculatorImpl : public Calculator
{
public:
    explicit CalculatorImpl(std::unique_ptr<Printer> printer) : m_printer(std::move(printer)) {}

    void solve(const std::string& equation) override
    {
        // The printer is an object of the parent's, which is the printer child's in truth.
        m_printer->print(equation + " = " + FormatNumber(Evaluate(equation)));
    }

private:
    std::unique_ptr<Printer> m_printer;
};

class InitImpl : public Init
{
public:
    std::unique_ptr<Calculator> makeCalculator(std::unique_ptr<Printer> printer) override
    {
        return std::make_unique<CalculatorImpl>(std::move(printer));
    }
};
} // namespace

int main(int argc, char** argv) { return Serve<InitImpl>("mpcalculator", argc, argv); }
