#ifndef EXAMPLE_INIT_H
#define EXAMPLE_INIT_H

#include "calculator.h"
#include "printer.h"

#include <memory>

//! First object of each child. A child makes what it is for, and nothing else.
class Init
{
public:
    virtual ~Init() = default;
    virtual std::unique_ptr<Calculator> makeCalculator(std::unique_ptr<Printer>) { return nullptr; }
    virtual std::unique_ptr<Printer> makePrinter() { return nullptr; }
};

#endif // EXAMPLE_INIT_H
