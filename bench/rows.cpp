#include "rows.h"

#include "raw.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <stdexcept>

namespace bench {
namespace {

constexpr uint64_t KIB{1024};
constexpr uint64_t MIB{1024 * KIB};
constexpr uint64_t GIB{1024 * MIB};
constexpr uint64_t PACE_US{2000};

//! A size and what it is called.
struct Size {
    const char* suffix;
    const char* text;
    uint64_t bytes;
};

constexpr Size PARENT_10M{"10m", "10 MiB", 10 * MIB};
constexpr Size PARENT_2G{"2g", "2 GiB", 2 * GIB};
constexpr Size PARENT_4G{"4g", "4 GiB", 4 * GIB};

TimedRow Echo(const std::string& kind, const std::string& text, const std::string& suffix, uint64_t size,
              const std::string& base)
{
    TimedRow row{kind + "-" + suffix, text, kind, "echo", base};
    row.size = size;
    return row;
}

void AddEchoes(std::vector<TimedRow>& rows, std::initializer_list<Size> sizes)
{
    for (const auto& [suffix, text, bytes] : sizes) {
        const std::string raw = std::string{"raw-"} + suffix;
        rows.push_back(Echo("raw", std::string{"raw socket, "} + text + " there and back", suffix, bytes, ""));
        rows.push_back(Echo("plain", std::string{"plain echo of "} + text, suffix, bytes, raw));
        rows.push_back(Echo("mp", std::string{"echo of "} + text + ", on a worker", suffix, bytes, raw));
    }
}

TimedRow Threads(unsigned count)
{
    const std::string number = std::to_string(count);
    TimedRow row{"mp-threads-" + number, number + " threads calling workers at once", "mp", "worker", "plain"};
    row.threads = count;
    row.compare = Compare::throughput;
    return row;
}

TimedRow Paced(TimedRow row)
{
    row.pace_us = PACE_US;
    return row;
}

//! While another connection floods the server: what becomes of the p99.
TimedRow Flooded(TimedRow row)
{
    row.base = row.name;
    row.name += "-flooded";
    row.title += ", beside a flood";
    row.kind += "-listener";
    row.op += "-flooded";
    row.compare = Compare::tail;
    return row;
}

//! A call whose method waits until it is given up, which is how late that is.
TimedRow Late()
{
    TimedRow row{"mp-late", "call on a worker, given up after 2 ms", "mp", "late", "sleep"};
    row.compare = Compare::tail;
    return row;
}

//! What starts processes, in a parent that uses so much memory.
TimedRow FromParent(const Size& parent, const std::string& op, const std::string& text, const std::string& base)
{
    const std::string suffix = std::string{"-"} + parent.suffix;
    TimedRow row{op + suffix, text + ", parent of " + parent.text, "spawner" + suffix, op, base};
    row.memory = parent.bytes / 4 * 5;
    return row;
}

TimedRow FromParent(const Size& parent, const std::string& op, const std::string& text)
{
    return FromParent(parent, op, text, op);
}

TimedRow PosixSpawn(const Size& parent) { return FromParent(parent, "posix-spawn", "posix_spawn and wait"); }
TimedRow ForkExec(const Size& parent) { return FromParent(parent, "fork-exec", "fork, exec and wait"); }
TimedRow Spawn(const Size& parent) { return FromParent(parent, "spawn", "spawn to wait"); }

//! A way to start a process: what it costs from a small parent, and what becomes of that from a large one.
struct Start {
    const char* op;
    const char* text;
    const char* base;

    TimedRow small() const { return FromParent(PARENT_10M, op, text, base); }
    TimedRow large() const { return FromParent(PARENT_4G, op, text, small().name); }
};

constexpr Start START_POSIX{"start-posix", "posix_spawn of /bin/true", ""};
constexpr Start START_FORK{"start-fork", "fork and exec of /bin/true", "start-posix-10m"};
constexpr Start START_ORDINARY{"start-ordinary", "spawn of /bin/true", "start-posix-10m"};
constexpr Start START_WORKER{"start-worker", "worker from the fork server", "start-fork-10m"};
constexpr Start START_PRIVATE{"start-private", "private spawn of /bin/true", "start-posix-10m"};

TimedRow Raw()
{
    TimedRow row{"raw", "raw socket round trip, 128 bytes", "raw", "echo", "plain"};
    row.size = RAW_SMALL_SIZE;
    return row;
}

TimedRow Plain() { return {"plain", "plain Cap'n Proto call", "plain", "add"}; }
TimedRow OnLoop() { return {"mp-loop", "call on the server's loop", "mp", "loop", "plain"}; }
TimedRow OnWorker() { return {"mp-worker", "call on a worker", "mp", "worker", "plain"}; }

TimedRow InFlight(TimedRow row, unsigned count)
{
    const std::string number = std::to_string(count);
    row.name += "-flight-" + number;
    row.title = row.kind + ", " + number + " in flight over one connection";
    row.base = "plain";
    row.in_flight = count;
    row.compare = Compare::throughput;
    return row;
}

std::vector<TimedRow> MakeTimedRows()
{
    std::vector<TimedRow> rows{
        Raw(),
        Plain(),
        OnLoop(),
        OnWorker(),
        {"mp-nested", "call on a worker, one nested callback", "mp", "nested", "plain"},
        {"mp-struct", "text and 64 integers there and back, worker", "mp", "struct", "plain"},
        {"mp-crowd", "call on the loop over one of 5,000 connections", "mp-crowd", "loop", "mp-loop"},
        Flooded(OnLoop()),
        Flooded(OnWorker()),
        Threads(4),
        Threads(16),
        Paced({"plain-paced", "plain call, one every 2 ms", "plain", "add"}),
        Paced({"mp-paced", "call on a worker, one every 2 ms", "mp", "worker", "plain-paced"}),
        {"sleep", "sleep of 2 ms", "raw", "sleep"},
        Late(),
    };
    AddEchoes(rows, {{"64k", "64 KiB", 64 * KIB}, {"1m", "1 MiB", MIB}, {"8m", "8 MiB", 8 * MIB}});
    rows.push_back({"posix-spawn", "posix_spawn and wait, program does nothing", "spawner", "posix-spawn"});
    rows.push_back({"spawn", "spawn, connect, call, close, wait", "spawner", "spawn", "posix-spawn"});
    rows.push_back(PosixSpawn(PARENT_2G));
    rows.push_back(Spawn(PARENT_2G));
    for (const Start& start : {START_POSIX, START_FORK, START_ORDINARY, START_PRIVATE, START_WORKER}) {
        rows.push_back(start.small());
    }
    for (const Start& start : {START_POSIX, START_ORDINARY, START_PRIVATE, START_WORKER}) rows.push_back(start.large());
    return rows;
}

std::vector<TimedRow> MakeTimedRowsOnRequest()
{
    // Plain Cap'n Proto may leave the call waiting for more than a minute, which is given up then.
    std::vector<TimedRow> rows{Flooded(Plain())};
    for (const unsigned count : {2u, 8u, 32u}) rows.push_back(Threads(count));
    for (const unsigned count : {2u, 4u, 8u, 16u, 32u}) {
        rows.push_back(InFlight(Raw(), count));
        rows.push_back(InFlight(Plain(), count));
    }
    AddEchoes(rows, {{"1k", "1 KiB", KIB}, {"8k", "8 KiB", 8 * KIB}, {"512k", "512 KiB", 512 * KIB}});
    rows.push_back({"fork-exec", "fork, exec and wait, program does nothing", "spawner", "fork-exec", "posix-spawn"});
    for (const Size& parent : {Size{"512m", "512 MiB", 512 * MIB}, Size{"1g", "1 GiB", GIB}}) {
        rows.push_back(PosixSpawn(parent));
        rows.push_back(ForkExec(parent));
        rows.push_back(Spawn(parent));
    }
    rows.push_back(ForkExec(PARENT_2G));
    rows.push_back(START_FORK.large());
    return rows;
}

std::vector<TimedRow> AllTimedRows()
{
    std::vector<TimedRow> rows = TimedRows();
    for (TimedRow& row : MakeTimedRowsOnRequest()) rows.push_back(std::move(row));
    return rows;
}

} // namespace

const std::vector<TimedRow>& TimedRows()
{
    static const std::vector<TimedRow> rows{MakeTimedRows()};
    return rows;
}

const std::vector<CountedRow>& CountedRows()
{
    static const std::vector<CountedRow> rows{
        {{"cpu"}, CountCpu},
        {{"syscalls", "wake-ups", "looks"}, CountSystemCalls},
        {{"allocations"}, CountAllocated},
        {{"instructions"}, CountInstructions},
        {{"memory-connection"}, CountConnectionMemory},
        {{"memory-thread"}, CountThreadMemory},
    };
    return rows;
}

std::vector<std::string> RowNames()
{
    std::vector<std::string> names;
    for (const TimedRow& row : AllTimedRows()) names.push_back(row.name);
    for (const CountedRow& row : CountedRows()) names.insert(names.end(), row.names.begin(), row.names.end());
    return names;
}

Selection SelectRows(const std::vector<std::string>& names)
{
    if (names.empty()) return {TimedRows(), CountedRows()};
    const std::vector<std::string> known = RowNames();
    for (const std::string& name : names) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            throw std::invalid_argument("there is no row '" + name + "'; --list names them all");
        }
    }
    const std::vector<TimedRow> timed = AllTimedRows();
    std::set<std::string> wanted{names.begin(), names.end()};
    for (size_t before = 0; before != wanted.size();) {
        before = wanted.size();
        for (const TimedRow& row : timed) {
            if (wanted.count(row.name) && !row.base.empty()) wanted.insert(row.base);
        }
    }
    Selection selection;
    for (const TimedRow& row : timed) {
        if (wanted.count(row.name)) selection.timed.push_back(row);
    }
    for (const CountedRow& row : CountedRows()) {
        const auto selected = [&](const std::string& name) { return wanted.count(name) > 0; };
        if (std::any_of(row.names.begin(), row.names.end(), selected)) selection.counted.push_back(row);
    }
    return selection;
}

} // namespace bench
