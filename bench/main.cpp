// mpbench: measures calls between processes side by side with plain Cap'n Proto RPC and the bare socket.
#include "bare-spawner.h"
#include "check.h"
#include "limit-check.h"
#include "machine.h"
#include "mp-spawn.h"
#include "options.h"
#include "pair.h"
#include "picture.h"
#include "report.h"
#include "rows.h"

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

namespace bench {
namespace {

constexpr int EXIT_LIMIT{1};
constexpr int EXIT_ERROR{2};

//! This program again, as one of the processes that it measures: --role ROLE [KIND or CONNECT_INFO] [count].
int RunRole(int argc, char** argv)
{
    const std::string role = argc > 2 ? argv[2] : "";
    const std::string operand = argc > 3 ? argv[3] : "";
    const bool count_allocations = argc > 4 && std::string_view{argv[4]} == "count";
    if (role == "client") return RunClientRole(operand, count_allocations);
    if (role == "server") return RunServerRole(operand, count_allocations);
    if (role == "spawned") return RunSpawnedRole(operand);
    throw std::invalid_argument("unknown role '" + role + "'");
}

//! A line that the next one replaces, for people who watch.
class Progress
{
public:
    ~Progress() { show(""); }

    void show(const std::string& text) const
    {
        if (m_terminal) std::fprintf(stderr, "\r\033[K%s", text.c_str());
    }

private:
    bool m_terminal{isatty(STDERR_FILENO) == 1};
};

Report MeasureAll(const Selection& selection, bool quick)
{
    const Effort effort = quick ? Effort::Quick() : Effort::Full();
    const Progress progress;
    Report report;
    report.mode = ModeName();
    report.machine = MachineText();
    report.build = BuildText();
    report.quick = quick;
    report.rounds = effort.rounds;
    const auto show = [&](const std::string& text) { progress.show(text); };
    report.lines = MakeLines(MeasureTimed(selection.timed, effort, show));
    for (const CountedRow& row : selection.counted) {
        progress.show("counting " + row.names.front());
        for (Counted& counted : row.measure()) report.counted.push_back(std::move(counted));
    }
    return report;
}

void WriteFile(const std::string& path, const std::string& text)
{
    FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
    if (!file) ThrowErrno(path.c_str());
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const bool flushed = std::fflush(file) == 0;
    if (file != stdout) std::fclose(file);
    if (!written || !flushed) throw std::runtime_error(path + ": can't be written");
}

int Run(const Options& options)
{
    if (options.help) {
        std::fputs(USAGE, stdout);
        return 0;
    }
    if (options.list) {
        for (const std::string& name : RowNames()) std::printf("%s\n", name.c_str());
        return 0;
    }
    // Mistakes in the arguments show before minutes of measuring.
    const Selection selection = SelectRows(options.svg.empty() ? options.rows : PictureRows());
    std::optional<Limits> limits;
    if (!options.check.empty()) limits.emplace(options.check);

    const Report report = MeasureAll(selection, options.quick);
    FILE* const text = options.json == "-" || options.svg == "-" ? stderr : stdout;
    PrintTable(report, text);
    if (!options.json.empty()) WriteFile(options.json, ToJson(report));
    if (!options.svg.empty()) WriteFile(options.svg, ToSvg(report));
    if (report.failed()) throw std::runtime_error("some rows failed");
    return limits && !limits->check(report, text) ? EXIT_LIMIT : 0;
}

} // namespace
} // namespace bench

int main(int argc, char** argv)
{
    try {
        if (argc > 1 && std::string_view{argv[1]} == bench::ROLE_NOTHING) return 0;
        if (argc > 1 && std::string_view{argv[1]} == "--role") return bench::RunRole(argc, argv);
        return bench::Run(bench::ParseOptions(argc, argv));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "mpbench: %s\n", e.what());
        return bench::EXIT_ERROR;
    }
}
