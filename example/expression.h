#ifndef EXAMPLE_EXPRESSION_H
#define EXAMPLE_EXPRESSION_H

#include <string>

//! Value of an expression of decimal numbers, + - * / ^, unary minus and parentheses. ^ binds tightest and to the
//! right, and -2^2 is -4.
//! @throws CalculatorError
double Evaluate(const std::string& text);

//! A number as people write it: "4", "0.3", "1e+30".
std::string FormatNumber(double value);

#endif // EXAMPLE_EXPRESSION_H
