#include "counted.h"

#include "check.h"
#include "pair.h"
#include "stats.h"
#include "subject.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <stdexcept>

namespace bench {
namespace {

constexpr uint64_t CALLS{1000};
constexpr unsigned RUNS{3};

class TemporaryDirectory
{
public:
    TemporaryDirectory()
    {
        if (!mkdtemp(m_path.data())) ThrowErrno("mkdtemp");
    }
    ~TemporaryDirectory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const { return m_path; }

private:
    std::string m_path{(std::filesystem::temp_directory_path() / "mpbench-XXXXXX").string()};
};

//! One that this process may run on. With two, both processes look for events instead of sleeping, as often as the time
//! of a call allows under callgrind.
std::string OneCpu()
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    Check(sched_getaffinity(0, sizeof(cpus), &cpus), "sched_getaffinity");
    int cpu = 0;
    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus)) ++cpu;
    return std::to_string(cpu);
}

//! What callgrind wrote about one process.
uint64_t ReadTotal(const std::filesystem::path& path)
{
    std::ifstream file{path};
    uint64_t total = 0;
    for (std::string line; std::getline(file, line);) {
        if (std::sscanf(line.c_str(), "totals: %lu", &total) == 1) return total;
    }
    throw std::runtime_error("callgrind counted nothing");
}

//! Both processes from their start to their end.
uint64_t CountRun(const Subject& subject, uint64_t calls)
{
    const TemporaryDirectory directory;
    {
        PairOptions options;
        options.runner = {"taskset", "--cpu-list", OneCpu(), "valgrind", "--quiet", "--tool=callgrind",
                          "--callgrind-out-file=" + directory.path() + "/%p"};
        Pair pair{subject.kind, options};
        Command command = subject.command(calls);
        // It lasts for a time.
        command.warm_up = 0;
        pair.run(command);
    }
    uint64_t total = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory.path())) total += ReadTotal(file.path());
    return total;
}

double InstructionsPerCall(const Subject& subject)
{
    std::vector<double> runs;
    for (unsigned run = 0; run < RUNS; ++run) {
        const uint64_t once = CountRun(subject, CALLS);
        const uint64_t twice = CountRun(subject, 2 * CALLS);
        runs.push_back((static_cast<double>(twice) - static_cast<double>(once)) / CALLS);
    }
    return Median(runs);
}

bool HasCallgrind() { return std::system("valgrind --version >/dev/null 2>&1") == 0; }

} // namespace

std::vector<Counted> CountInstructions()
{
    Counted counted{"instructions", "instructions of a worker call, one CPU", ""};
    if (!HasCallgrind()) {
        counted.skipped = "valgrind is not installed";
        return {counted};
    }
    counted.value = InstructionsPerCall(OURS);
    counted.plain = InstructionsPerCall(PLAIN);
    return {counted};
}

} // namespace bench
