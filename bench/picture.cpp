#include "picture.h"

#include "chart.h"

#include <algorithm>
#include <cmath>

namespace bench {
namespace {

// From a palette made for colour-blind people as well; each side has the same in all charts.
constexpr Style BARE{"#666666", "2 3", Marker::square};
constexpr Style PLAIN{"#d55e00", "7 4", Marker::triangle};
constexpr Style OURS{"#0072b2", "", Marker::circle};
constexpr Style OURS_ON_LOOP{"#56b4e9", "", Marker::diamond};
constexpr Style OURS_NESTED{"#009e73", "9 3 2 3", Marker::down};

//! A value of the axis, and what rows' names end with there.
struct Step {
    Tick tick;
    std::string suffix;
};

//! One row for each step: that of this name where the suffix is empty, and elsewhere the prefix with the suffix.
struct Series {
    const char* title;
    Style style;
    std::string name;
    std::string prefix;

    std::string row(const Step& step) const { return step.suffix.empty() ? name : prefix + step.suffix; }
};

//! A chart whose curves have a row for each step.
struct Plan {
    const char* title;
    const char* x_title;
    const char* y_title;
    double Line::*figure;
    std::vector<Step> steps;
    std::vector<Series> series;
};

const std::vector<Plan>& Plans()
{
    static const std::vector<Plan> plans{
        {"Throughput of calls at once", "threads that call, or calls in flight on one thread", "calls per second",
         &Line::per_second,
         {{{0, "1"}, ""}, {{1, "2"}, "2"}, {{2, "4"}, "4"}, {{3, "8"}, "8"}, {{4, "16"}, "16"}, {{5, "32"}, "32"}},
         {{"socket, in flight", BARE, "raw", "raw-flight-"},
          {"plain, in flight", PLAIN, "plain", "plain-flight-"},
          {"mp: threads", OURS, "mp-worker", "mp-threads-"}}},
        {"Start a process and wait for its end", "memory of the parent, besides the program's own", "µs, p50",
         &Line::p50,
         {{{0, "0"}, ""}, {{0.5, "512 MiB"}, "512m"}, {{1, "1 GiB"}, "1g"}, {{2, "2 GiB"}, "2g"}},
         {{"posix_spawn", BARE, "posix-spawn", "posix-spawn-"},
          {"fork and exec", PLAIN, "fork-exec", "fork-exec-"},
          {"mp: spawn and call", OURS, "spawn", "spawn-"}}},
        {"Echo of large data", "bytes there and back (K: KiB, M: MiB)", "µs, p50",
         &Line::p50,
         {{{10, "1K"}, "1k"}, {{13, "8K"}, "8k"}, {{16, "64K"}, "64k"},
          {{19, "512K"}, "512k"}, {{20, "1M"}, "1m"}, {{23, "8M"}, "8m"}},
         {{"socket", BARE, "", "raw-"},
          {"plain Cap'n Proto", PLAIN, "", "plain-"},
          {"mp: on a worker", OURS, "", "mp-"}}},
    };
    return plans;
}

//! Rows of which each is a curve over the percentiles.
const std::vector<Series>& LatencySeries()
{
    static const std::vector<Series> series{
        {"socket, 128 bytes", BARE, "raw", ""},
        {"plain Cap'n Proto", PLAIN, "plain", ""},
        {"mp: on the loop", OURS_ON_LOOP, "mp-loop", ""},
        {"mp: on a worker", OURS, "mp-worker", ""},
        {"mp: worker, nested", OURS_NESTED, "mp-nested", ""},
    };
    return series;
}

//! Nothing where it wasn't measured.
std::optional<double> Figure(const Report& report, const std::string& row, double Line::*figure)
{
    for (const Line& line : report.lines) {
        if (line.name == row && line.*figure > 0) return line.*figure;
    }
    return std::nullopt;
}

Chart LatencyChart(const Report& report)
{
    struct {
        const char* text;
        double above; //!< share of calls that take longer
        double Line::*figure;
    } const percentiles[]{{"50", 0.5, &Line::p50}, {"90", 0.1, &Line::p90}, {"99", 0.01, &Line::p99},
                          {"99.9", 0.001, &Line::p999}};
    Chart chart{"Latency of one call at a time", "percentile", "µs", {}, {}};
    for (const auto& percentile : percentiles) chart.ticks.push_back({-std::log10(percentile.above), percentile.text});
    for (const Series& series : LatencySeries()) {
        Curve curve{series.title, series.style, {}};
        for (const auto& percentile : percentiles) {
            curve.values.push_back(Figure(report, series.name, percentile.figure));
        }
        chart.curves.push_back(std::move(curve));
    }
    return chart;
}

Chart MakeChart(const Report& report, const Plan& plan)
{
    Chart chart{plan.title, plan.x_title, plan.y_title, {}, {}};
    for (const Step& step : plan.steps) chart.ticks.push_back(step.tick);
    for (const Series& series : plan.series) {
        Curve curve{series.title, series.style, {}};
        for (const Step& step : plan.steps) curve.values.push_back(Figure(report, series.row(step), plan.figure));
        chart.curves.push_back(std::move(curve));
    }
    return chart;
}

//! Where, with what and how it was measured.
std::vector<std::string> Caption(const Report& report)
{
    std::vector<std::string> lines{
        report.machine + "; " + report.build,
        std::string{"measured and drawn by bench/report"} + (report.quick ? " --quick" : "") + ", " + report.mode +
            ", in " + std::to_string(report.rounds) + " interleaved rounds"};
    if (report.quick) lines.push_back("QUICK RUN: too few samples to rely on anything here");
    return lines;
}

} // namespace

std::vector<std::string> PictureRows()
{
    std::vector<std::string> rows;
    for (const Series& series : LatencySeries()) rows.push_back(series.name);
    for (const Plan& plan : Plans()) {
        for (const Series& series : plan.series) {
            for (const Step& step : plan.steps) rows.push_back(series.row(step));
        }
    }
    return rows;
}

std::string ToSvg(const Report& report)
{
    constexpr double LINE_HEIGHT{18};
    constexpr double TOP{40};
    const std::vector<std::string> caption = Caption(report);
    const double below = TOP + 2 * CHART_HEIGHT;
    Svg svg{2 * CHART_WIDTH, below + LINE_HEIGHT * static_cast<double>(caption.size() + 1)};
    svg.text({CHART_WIDTH, 26}, Svg::Anchor::middle, "mpbench: calls between two processes",
             "font-size=\"17\" font-weight=\"bold\"");
    DrawChart(svg, {0, TOP}, LatencyChart(report));
    for (size_t i = 0; i < Plans().size(); ++i) {
        const double column = static_cast<double>((i + 1) % 2);
        const double row = static_cast<double>((i + 1) / 2);
        DrawChart(svg, {column * CHART_WIDTH, TOP + row * CHART_HEIGHT}, MakeChart(report, Plans()[i]));
    }
    for (size_t i = 0; i < caption.size(); ++i) {
        const double y = below + LINE_HEIGHT * static_cast<double>(i + 1);
        svg.text({CHART_WIDTH, y}, Svg::Anchor::middle, caption[i]);
    }
    return svg.finish();
}

} // namespace bench
