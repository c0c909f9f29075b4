// A calculator that prints wherever it can, as libraries do: none of that may get into its connection.

#include "expression.h"
#include "serve.h"

#include <iostream>
#include <unistd.h>

namespace {
void Print()
{
    std::printf("printf\n");
    std::fflush(stdout);
    std::cout << "cout" << std::endl;
    if (write(STDOUT_FILENO, "write\n", 6) != 6) std::abort();
    if (std::getchar() != EOF) std::abort();
}

class CalculatorImpl : public Calculator
{
public:
    explicit CalculatorImpl(std::unique_ptr<Printer> printer) : m_printer(std::move(printer)) {}

    void solve(const std::string& equation) override
    {
        Print();
        m_printer->print(equation + " = " + FormatNumber(Evaluate(equation)));
        Print();
    }

private:
    std::unique_ptr<Printer> m_printer;
};

class InitImpl : public Init
{
public:
    InitImpl() { Print(); }
    ~InitImpl() override { Print(); }
    std::unique_ptr<Calculator> makeCalculator(std::unique_ptr<Printer> printer) override
    {
        return std::make_unique<CalculatorImpl>(std::move(printer));
    }
};
} // namespace

int main(int argc, char** argv) { return Serve<InitImpl>("noisy_calculator", argc, argv); }
