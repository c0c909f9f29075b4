#include "report.h"

#include "report.capnp.h"
#include "stats.h"

#include <algorithm>
#include <capnp/compat/json.h>
#include <capnp/message.h>

namespace bench {
namespace {

constexpr const char* LINE_HEAD{"%-45s %8s %11s %11s %11s %9s  %s\n"};
constexpr const char* COUNT_HEAD{"%-45s %8s %11s %11s\n"};

Line MakeLine(TimedResult& result)
{
    Line line;
    line.name = result.row.name;
    line.title = result.row.title;
    line.skipped = result.skipped;
    line.failed = result.failed;
    line.samples = result.samples.size();
    const auto percentile = [&](double share) {
        // With several calls in flight, samples are the times between two ends, not those of one call.
        return result.row.in_flight > 1 ? 0 : static_cast<double>(Percentile(result.samples, share)) / 1e3;
    };
    line.p50 = percentile(0.5);
    line.p90 = percentile(0.9);
    line.p99 = percentile(0.99);
    line.p999 = percentile(0.999);
    line.per_second = result.row.pace_us ? 0 : Median(result.round_rate);
    // The children of the spawning rows have CPU clocks of their own.
    line.cpu = result.row.kind.rfind("spawner", 0) == 0 ? 0 : Median(result.round_cpu);
    return line;
}

//! With three digits or more.
std::string Number(double value)
{
    char text[32];
    std::snprintf(text, sizeof(text), value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    return text;
}

//! A dash where 0 stands for nothing.
std::string Figure(double value) { return value == 0 ? "-" : Number(value); }

std::string RatioText(const Line& line)
{
    if (line.base.empty() || line.ratio.median == 0) return "";
    return Figure(line.ratio.median) + " x " + line.base + " (" + Figure(line.ratio.low) + " to " +
           Figure(line.ratio.high) + ")";
}

void PrintCounted(const Counted& counted, FILE* file)
{
    const std::string title = counted.title + (counted.unit.empty() ? "" : " [" + counted.unit + "]");
    if (!counted.skipped.empty()) {
        std::fprintf(file, "%-45s not measured: %s\n", title.c_str(), counted.skipped.c_str());
        return;
    }
    std::fprintf(file, COUNT_HEAD, title.c_str(), Number(counted.value).c_str(),
                 counted.plain ? Number(*counted.plain).c_str() : "-", Figure(counted.ratio()).c_str());
    for (const std::string& note : counted.notes) std::fprintf(file, "    %s\n", note.c_str());
}

void Fill(schema::Row::Builder row, const Line& line)
{
    row.setName(line.name);
    row.setTitle(line.title);
    if (!line.skipped.empty()) {
        row.setSkipped(line.skipped);
        return;
    }
    row.setSamples(static_cast<uint32_t>(line.samples));
    row.setP50(line.p50);
    row.setP90(line.p90);
    row.setP99(line.p99);
    row.setP999(line.p999);
    row.setPerSecond(line.per_second);
    row.setCpu(line.cpu);
    if (!line.base.empty()) row.setBase(line.base);
    row.setRatio(line.ratio.median);
    row.setRatioLow(line.ratio.low);
    row.setRatioHigh(line.ratio.high);
}

void Fill(schema::Value::Builder value, const Counted& counted)
{
    value.setName(counted.name);
    value.setTitle(counted.title);
    if (!counted.unit.empty()) value.setUnit(counted.unit);
    if (!counted.skipped.empty()) {
        value.setSkipped(counted.skipped);
        return;
    }
    value.setValue(counted.value);
    if (counted.plain) value.setPlain(*counted.plain);
    value.setRatio(counted.ratio());
    auto notes = value.initNotes(static_cast<unsigned>(counted.notes.size()));
    for (unsigned i = 0; i < notes.size(); ++i) notes.set(i, counted.notes[i]);
}

} // namespace

bool Report::failed() const
{
    return std::any_of(lines.begin(), lines.end(), [](const Line& line) { return line.failed; });
}

std::vector<Line> MakeLines(std::vector<TimedResult> results)
{
    std::vector<Line> lines;
    for (TimedResult& result : results) {
        Line line = MakeLine(result);
        const auto is_base = [&](const TimedResult& other) { return other.row.name == result.row.base; };
        const auto base = std::find_if(results.begin(), results.end(), is_base);
        if (base != results.end()) {
            line.base = result.row.base;
            line.ratio = CompareRounds(result, *base);
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

void PrintTable(const Report& report, FILE* file)
{
    std::fprintf(file, "%s; %s; %s\n", report.mode.c_str(), report.machine.c_str(), report.build.c_str());
    if (report.quick) std::fprintf(file, "QUICK RUN: too few samples to rely on any figure below\n");
    if (!report.lines.empty()) {
        std::fprintf(file, "\n");
        std::fprintf(file, LINE_HEAD, "", "samples", "p50 [us]", "p99 [us]", "per second", "CPU [us]",
                     "ratio (median, lowest, highest round)");
    }
    for (const Line& line : report.lines) {
        if (!line.skipped.empty()) {
            std::fprintf(file, "%-45s not measured: %s\n", line.title.c_str(), line.skipped.c_str());
            continue;
        }
        std::fprintf(file, LINE_HEAD, line.title.c_str(), std::to_string(line.samples).c_str(),
                     Figure(line.p50).c_str(), Figure(line.p99).c_str(), Figure(line.per_second).c_str(),
                     Figure(line.cpu).c_str(), RatioText(line).c_str());
    }
    if (!report.counted.empty()) {
        std::fprintf(file, "\n");
        std::fprintf(file, COUNT_HEAD, "both processes together", "", "plain", "ratio");
    }
    for (const Counted& counted : report.counted) PrintCounted(counted, file);
}

std::string ToJson(const Report& report)
{
    capnp::MallocMessageBuilder message;
    auto root = message.initRoot<schema::Report>();
    root.setMode(report.mode);
    root.setQuick(report.quick);
    root.setRounds(report.rounds);
    root.setMachine(report.machine);
    root.setBuild(report.build);
    auto rows = root.initRows(static_cast<unsigned>(report.lines.size()));
    for (unsigned i = 0; i < rows.size(); ++i) Fill(rows[i], report.lines[i]);
    auto values = root.initValues(static_cast<unsigned>(report.counted.size()));
    for (unsigned i = 0; i < values.size(); ++i) Fill(values[i], report.counted[i]);

    capnp::JsonCodec json;
    json.setPrettyPrint(true);
    json.setHasMode(capnp::HasMode::NON_DEFAULT);
    return std::string{json.encode(root.asReader()).cStr()} + "\n";
}

} // namespace bench
