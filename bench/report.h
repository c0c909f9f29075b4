// The result of a run, and how it is shown.
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "counted.h"
#include "timed.h"

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace bench {

//! One line of the table about times; microseconds. What doesn't apply is 0 or empty.
struct Line {
    std::string name;
    std::string title;
    std::string base;
    std::string skipped;
    bool failed{false}; //!< skipped because a call failed
    size_t samples{0};
    double p50{0};
    double p90{0};
    double p99{0};
    double p999{0};
    double per_second{0};
    double cpu{0};
    Ratio ratio{};
};

struct Report {
    std::string mode;
    std::string machine;
    std::string build;
    bool quick{false};
    unsigned rounds{0};
    std::vector<Line> lines;
    std::vector<Counted> counted;

    //! Whether some row could not be measured that should have been.
    bool failed() const;
};

//! Lines in the order of the results. A ratio needs the base among them.
std::vector<Line> MakeLines(std::vector<TimedResult> results);

void PrintTable(const Report& report, FILE* file);

//! One JSON object and a line break.
std::string ToJson(const Report& report);

} // namespace bench

#endif // BENCH_REPORT_H
