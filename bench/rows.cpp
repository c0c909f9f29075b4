#include "rows.h"

#include "raw.h"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace bench {
namespace {

constexpr uint64_t KIB{1024};
constexpr uint64_t MIB{1024 * KIB};
constexpr uint64_t GIB{1024 * MIB};
constexpr uint64_t PACE_US{2000};

TimedRow Echo(const std::string& kind, const std::string& text, const std::string& suffix, uint64_t size,
              const std::string& base)
{
    TimedRow row{kind + "-" + suffix, text, kind, "echo", base};
    row.size = size;
    return row;
}

std::vector<TimedRow> Echoes()
{
    struct {
        const char* suffix;
        const char* text;
        uint64_t size;
    } const sizes[]{{"64k", "64 KiB", 64 * KIB}, {"1m", "1 MiB", MIB}, {"8m", "8 MiB", 8 * MIB}};
    std::vector<TimedRow> rows;
    for (const auto& [suffix, text, size] : sizes) {
        const std::string raw = std::string{"raw-"} + suffix;
        rows.push_back(Echo("raw", std::string{"raw socket, "} + text + " there and back", suffix, size, ""));
        rows.push_back(Echo("plain", std::string{"plain echo of "} + text, suffix, size, raw));
        rows.push_back(Echo("mp", std::string{"echo of "} + text + ", on a worker", suffix, size, raw));
    }
    return rows;
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

TimedRow FromLargeParent(TimedRow row)
{
    row.memory = 5 * GIB / 2;
    return row;
}

std::vector<TimedRow> MakeTimedRows()
{
    TimedRow raw{"raw", "raw socket round trip, 128 bytes", "raw", "echo", "plain"};
    raw.size = RAW_SMALL_SIZE;
    std::vector<TimedRow> rows{
        raw,
        {"plain", "plain Cap'n Proto call", "plain", "add"},
        {"mp-loop", "call on the server's loop", "mp", "loop", "plain"},
        {"mp-worker", "call on a worker", "mp", "worker", "plain"},
        {"mp-nested", "call on a worker, one nested callback", "mp", "nested", "plain"},
        {"mp-struct", "text and 64 integers there and back, worker", "mp", "struct", "plain"},
        {"mp-crowd", "call on the loop over one of 5,000 connections", "mp-crowd", "loop", "mp-loop"},
        Threads(4),
        Threads(16),
        Paced({"plain-paced", "plain call, one every 2 ms", "plain", "add"}),
        Paced({"mp-paced", "call on a worker, one every 2 ms", "mp", "worker", "plain-paced"}),
    };
    for (TimedRow& row : Echoes()) rows.push_back(std::move(row));
    rows.push_back({"posix-spawn", "posix_spawn and wait, program does nothing", "spawner", "posix-spawn"});
    rows.push_back({"spawn", "spawn, connect, call, close, wait", "spawner", "spawn", "posix-spawn"});
    rows.push_back(FromLargeParent(
        {"posix-spawn-2g", "posix_spawn and wait, parent of 2 GiB", "spawner-2g", "posix-spawn", "posix-spawn"}));
    rows.push_back(FromLargeParent(
        {"spawn-2g", "spawn to wait, parent of 2 GiB", "spawner-2g", "spawn", "spawn"}));
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
    for (const TimedRow& row : TimedRows()) names.push_back(row.name);
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
    std::set<std::string> wanted{names.begin(), names.end()};
    for (size_t before = 0; before != wanted.size();) {
        before = wanted.size();
        for (const TimedRow& row : TimedRows()) {
            if (wanted.count(row.name) && !row.base.empty()) wanted.insert(row.base);
        }
    }
    Selection selection;
    for (const TimedRow& row : TimedRows()) {
        if (wanted.count(row.name)) selection.timed.push_back(row);
    }
    for (const CountedRow& row : CountedRows()) {
        const auto selected = [&](const std::string& name) { return wanted.count(name) > 0; };
        if (std::any_of(row.names.begin(), row.names.end(), selected)) selection.counted.push_back(row);
    }
    return selection;
}

} // namespace bench
