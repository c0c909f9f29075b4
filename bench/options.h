// The command line.
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <string>
#include <vector>

namespace bench {

struct Options {
    bool help{false};
    bool list{false};
    bool quick{false};
    std::string json;              //!< file to write, "-" for standard output, empty for none
    std::string check;             //!< file with limits, empty for none
    std::string svg;               //!< file to draw to, "-" for standard output, empty for none
    std::vector<std::string> rows; //!< empty for all
};

extern const char* const USAGE;

//! Throws std::invalid_argument for anything that isn't understood.
Options ParseOptions(int argc, char** argv);

} // namespace bench

#endif // BENCH_OPTIONS_H
