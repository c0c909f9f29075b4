#include "counted.h"

#include "heap.h"
#include "pair.h"
#include "stats.h"
#include "subject.h"
#include "trace.h"

#include <algorithm>
#include <cstdio>
#include <system_error>

namespace bench {
namespace {

constexpr unsigned CPU_ROUNDS{10};
constexpr uint64_t CPU_CALLS{1000};
constexpr uint64_t COUNTED_CALLS{1000};
constexpr unsigned TRACED_RUNS{3};
constexpr uint64_t TRACED_CALLS{500};

double CpuMicroseconds(Pair& pair, const Subject& subject)
{
    const Reply reply = pair.run(subject.command(CPU_CALLS));
    return static_cast<double>(reply.cpu_ns) / 1e3 / static_cast<double>(reply.count);
}

double AllocationsPerCall(const Subject& subject)
{
    PairOptions options;
    options.count_allocations = true;
    Pair pair{subject.kind, options};
    const Reply reply = pair.run(subject.command(COUNTED_CALLS));
    return static_cast<double>(reply.allocations) / static_cast<double>(reply.count);
}

struct Calls {
    double work{0};
    double wake_ups{0};
    double looks{0};
    std::string note;
};

//! Adds one process's counts, and lists them.
void AddCounts(const SystemCallCounts& counts, Calls& calls)
{
    for (const auto& [name, count] : counts) {
        // Where the clock can be read without a system call this doesn't occur, and elsewhere it isn't RPC's.
        if (name == "clock_gettime") continue;
        const double each = static_cast<double>(count) / TRACED_CALLS;
        (IsWakeUp(name) ? calls.wake_ups : IsLook(name) ? calls.looks : calls.work) += each;
        // Less is left over from the measurement itself.
        if (each < 0.02) continue;
        char text[64];
        std::snprintf(text, sizeof(text), " %s %.2f", name.c_str(), each);
        calls.note += text;
    }
}

Calls TraceCalls(const Subject& subject)
{
    Pair pair{subject.kind};
    pair.run(subject.command(TRACED_CALLS));
    Command command = subject.command(TRACED_CALLS);
    command.warm_up = 0;
    SystemCallTrace trace{{pair.clientPid(), *pair.serverPid()}};
    pair.start(command);
    trace.runUntilReadable(pair.controlFd());
    pair.finish();
    Calls calls;
    calls.note = std::string{subject.kind} + " client:";
    AddCounts(trace.takeCounts(pair.clientPid()), calls);
    calls.note += "; server:";
    AddCounts(trace.takeCounts(*pair.serverPid()), calls);
    return calls;
}

//! The run in the middle of several: in some the machine does something else.
Calls TypicalCalls(const Subject& subject)
{
    std::vector<Calls> runs;
    for (unsigned run = 0; run < TRACED_RUNS; ++run) runs.push_back(TraceCalls(subject));
    const auto middle = runs.begin() + runs.size() / 2;
    std::nth_element(runs.begin(), middle, runs.end(), [](const Calls& a, const Calls& b) { return a.work < b.work; });
    return *middle;
}

} // namespace

std::vector<Counted> CountCpu()
{
    Pair ours{OURS.kind}, plain{PLAIN.kind};
    std::vector<double> ours_us, plain_us;
    for (unsigned round = 0; round < CPU_ROUNDS; ++round) {
        ours_us.push_back(CpuMicroseconds(ours, OURS));
        plain_us.push_back(CpuMicroseconds(plain, PLAIN));
    }
    return {{"cpu", "CPU time of a worker call", "us", Median(ours_us), Median(plain_us)}};
}

std::vector<Counted> CountAllocated()
{
    Counted counted{"allocations", "heap allocations of a worker call", ""};
    if (CanCountAllocations()) {
        counted.value = AllocationsPerCall(OURS);
        counted.plain = AllocationsPerCall(PLAIN);
    } else {
        counted.skipped = "this build brings an allocator that can't be counted";
    }
    return {counted};
}

std::vector<Counted> CountSystemCalls()
{
    Counted work{"syscalls", "system calls of a worker call", ""};
    Counted wake_ups{"wake-ups", "system calls that wake or await its threads", ""};
    Counted looks{"looks", "system calls that look in vain before sleeping", ""};
    try {
        const Calls ours = TypicalCalls(OURS);
        const Calls plain = TypicalCalls(PLAIN);
        work.value = ours.work;
        work.plain = plain.work;
        work.notes = {ours.note, plain.note};
        wake_ups.value = ours.wake_ups;
        wake_ups.plain = plain.wake_ups;
        looks.value = ours.looks;
        looks.plain = plain.looks;
    } catch (const std::system_error& e) {
        work.skipped = wake_ups.skipped = looks.skipped = e.what();
    }
    return {work, wake_ups, looks};
}

} // namespace bench
