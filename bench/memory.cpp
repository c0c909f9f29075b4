#include "counted.h"

#include "pair.h"

#include <fstream>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

constexpr uint64_t FIRST_CONNECTIONS{20};
constexpr uint64_t CONNECTIONS{200};
constexpr uint64_t FIRST_THREADS{10};
constexpr uint64_t THREADS{100};

//! Resident memory of a process in KiB; of what several processes share, each counts its part.
double ResidentKib(pid_t pid)
{
    std::ifstream rollup{"/proc/" + std::to_string(pid) + "/smaps_rollup"};
    std::string range;
    std::getline(rollup, range);
    std::string key;
    double kib = 0;
    for (std::string rest; rollup >> key >> kib; std::getline(rollup, rest)) {
        if (key == "Pss:") return kib;
    }
    throw std::runtime_error("there is no /proc/PID/smaps_rollup to read");
}

double ResidentKib(const Pair& pair) { return ResidentKib(pair.clientPid()) + ResidentKib(*pair.serverPid()); }

//! Memory that each of `count` further runs of an operation leaves in use, after some first ones, in KiB.
double KibOfEach(const char* kind, const char* op, uint64_t first, uint64_t count)
{
    Pair pair{kind};
    pair.run(Command::Make(op, first));
    const double before = ResidentKib(pair);
    pair.run(Command::Make(op, count));
    return (ResidentKib(pair) - before) / static_cast<double>(count);
}

} // namespace

std::vector<Counted> CountConnectionMemory()
{
    Counted counted{"memory-connection", "memory of an idle connection", "KiB"};
    counted.value = KibOfEach("mp-listener", "connection", FIRST_CONNECTIONS, CONNECTIONS);
    counted.plain = KibOfEach("plain-listener", "connection", FIRST_CONNECTIONS, CONNECTIONS);
    return {counted};
}

std::vector<Counted> CountThreadMemory()
{
    Counted counted{"memory-thread", "memory of an idle client thread", "KiB"};
    counted.value = KibOfEach("mp", "thread", FIRST_THREADS, THREADS);
    return {counted};
}

} // namespace bench
