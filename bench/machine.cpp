#include "machine.h"

#include <capnp/common.h>
#include <fstream>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace bench {
namespace {

int AllowedCpus()
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    // The fixed set holds 1,024 CPUs; a machine with more makes this fail, and isn't pinned.
    if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0) return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
    return CPU_COUNT(&cpus);
}

std::string Processor()
{
    std::ifstream info{"/proc/cpuinfo"};
    for (std::string line; std::getline(info, line);) {
        const size_t colon = line.find(": ");
        if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "unknown processor";
}

} // namespace

std::string ModeName() { return AllowedCpus() == 1 ? "pinned" : "free"; }

std::string MachineText()
{
    utsname system{};
    uname(&system);
    return Processor() + ", " + std::to_string(AllowedCpus()) + " of " + std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) +
           " CPUs, " + system.sysname + " " + system.release + " " + system.machine;
}

std::string BuildText()
{
    std::string text = "Cap'n Proto " + std::to_string(CAPNP_VERSION / 1'000'000) + "." +
                       std::to_string(CAPNP_VERSION / 1000 % 1000) + "." + std::to_string(CAPNP_VERSION % 1000);
#if defined(__clang__)
    text += ", clang " __clang_version__;
#elif defined(__GNUC__)
    text += ", gcc " __VERSION__;
#endif
#ifndef __OPTIMIZE__
    text += ", NOT OPTIMISED";
#endif
    return text;
}

} // namespace bench
