#include "options.h"

#include <sstream>
#include <stdexcept>

namespace bench {

const char* const USAGE{
    "Usage: mpbench [--rows NAME,... | --svg FILE] [--json FILE] [--check FILE] [--quick] [--list]\n"
    "Measures calls between processes side by side with plain Cap'n Proto RPC and the bare socket.\n"
    "  --rows NAME,...  only these rows, and those that they are compared with\n"
    "  --json FILE      also write the results as JSON; '-' writes them to standard output, the table to stderr\n"
    "  --svg FILE       only the rows of the picture, and draw it; '-' as for --json\n"
    "  --check FILE     exit with 1 when a limit in this JSON file is missed\n"
    "  --quick          few samples, to see whether it works; can't be checked\n"
    "  --list           print the names of all rows, also those that only --rows and --svg measure\n"
    "Run under `taskset -c 0` to measure pinned to one CPU.\n"
    "Exit status: 0 done, 1 a limit is missed, 2 wrong arguments or a failed measurement.\n"};

Options ParseOptions(int argc, char** argv)
{
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string arg = argv[i];
        const auto value = [&]() -> std::string {
            if (i + 1 >= argc || argv[i + 1][0] == 0) throw std::invalid_argument(arg + " needs a value");
            return argv[++i];
        };
        if (arg == "--help" || arg == "-h") {
            options.help = true;
        } else if (arg == "--list") {
            options.list = true;
        } else if (arg == "--quick") {
            options.quick = true;
        } else if (arg == "--json") {
            options.json = value();
        } else if (arg == "--svg") {
            options.svg = value();
        } else if (arg == "--check") {
            options.check = value();
        } else if (arg == "--rows") {
            std::istringstream names{value()};
            for (std::string name; std::getline(names, name, ',');) options.rows.push_back(name);
        } else {
            throw std::invalid_argument("unknown argument '" + arg + "'");
        }
    }
    if (options.quick && !options.check.empty()) {
        throw std::invalid_argument("a quick run has too few samples for --check");
    }
    if (!options.svg.empty() && !options.rows.empty()) {
        throw std::invalid_argument("--svg measures rows of its own, and none by --rows");
    }
    if (options.svg == "-" && options.json == "-") {
        throw std::invalid_argument("--svg and --json can't both write to standard output");
    }
    return options;
}

} // namespace bench
