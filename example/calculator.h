#ifndef EXAMPLE_CALCULATOR_H
#define EXAMPLE_CALCULATOR_H

#include <cstdint>
#include <string>

//! What is wrong with an equation, and where: the first column is 1.
struct CalculatorError
{
    std::string message;
    uint32_t position;
};

class Calculator
{
public:
    virtual ~Calculator() = default;
    //! Evaluate an equation, and have it printed with its value.
    //! @throws CalculatorError
    virtual void solve(const std::string& equation) = 0;
};

#endif // EXAMPLE_CALCULATOR_H
