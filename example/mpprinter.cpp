// The child that prints.

#include "serve.h"

#include <csignal>
#include <iostream>

namespace {
class PrinterImpl : public Printer
{
public:
    void print(const std::string& text) override
    {
        std::cout << text << std::endl;
        if (!std::cout) throw std::runtime_error("cannot write to standard output");
    }
};

class InitImpl : public Init
{
public:
    std::unique_ptr<Printer> makePrinter() override { return std::make_unique<PrinterImpl>(); }
};
} // namespace

int main(int argc, char** argv)
{
    // Output that is closed is an error to report, not a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    return Serve<InitImpl>("mpprinter", argc, argv);
}
