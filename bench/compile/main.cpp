// mpbench-compile: what compiling generated code costs. Runs a compiler on files, one after another, and prints the user
// CPU time and the peak memory of each and of all; exit status 1 if that is over a limit.

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace {

const char* const USAGE = "Usage: mpbench-compile MAX_SECONDS MAX_MEGABYTES FILE... -- COMPILER [OPTION...]\n";

struct Limits
{
    double seconds;
    double megabytes;
};

struct Cost
{
    double seconds{0};
    double megabytes{0};
};

struct Arguments
{
    Limits limits;
    std::vector<std::string> files;
    std::vector<std::string> compiler;
};

Arguments Parse(const std::vector<std::string>& args)
{
    Arguments out{};
    std::vector<std::string>* list = &out.files;
    for (size_t i = 2; i < args.size(); ++i) {
        if (args[i] == "--" && list == &out.files) {
            list = &out.compiler;
        } else {
            list->push_back(args[i]);
        }
    }
    if (out.files.empty() || out.compiler.empty()) throw std::invalid_argument(USAGE);
    out.limits = {std::stod(args[0]), std::stod(args[1])};
    return out;
}

//! Compile one file, for nothing. A compiler's driver waits for the programs that do the work, so its usage includes
//! theirs.
Cost Compile(const std::vector<std::string>& compiler, const std::string& file)
{
    std::vector<std::string> args = compiler;
    for (const char* arg : {"-x", "c++", "-c", "-o", "/dev/null"}) args.emplace_back(arg);
    args.push_back(file);
    std::vector<char*> argv;
    argv.reserve(args.size() + 1);
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);

    pid_t pid = 0;
    const int error = posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ);
    if (error != 0) throw std::system_error(error, std::generic_category(), argv[0]);
    int status = 0;
    rusage usage{};
    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "wait4");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("failed to compile " + file);
    // Linux counts in KiB.
    return {static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) / 1e6,
            static_cast<double>(usage.ru_maxrss) * 1024 / 1e6};
}

void Print(const std::string& name, const Cost& cost)
{
    std::cout << std::left << std::setw(32) << name << std::right << std::fixed << std::setw(8) << std::setprecision(2)
              << cost.seconds << " s" << std::setw(8) << std::setprecision(0) << cost.megabytes << " MB" << std::endl;
}

int Main(const std::vector<std::string>& args)
{
    const Arguments arguments = Parse(args);
    Cost all;
    for (const std::string& file : arguments.files) {
        const Cost cost = Compile(arguments.compiler, file);
        Print(std::filesystem::path(file).filename(), cost);
        all.seconds += cost.seconds;
        all.megabytes = std::max(all.megabytes, cost.megabytes);
    }
    Print("all", all);
    Print("limit", {arguments.limits.seconds, arguments.limits.megabytes});
    return all.seconds > arguments.limits.seconds || all.megabytes > arguments.limits.megabytes ? 1 : 0;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return Main({argv + (argc > 0), argv + argc});
    } catch (const std::exception& e) {
        std::cerr << "mpbench-compile: " << e.what() << "\n";
        return 2;
    }
}
