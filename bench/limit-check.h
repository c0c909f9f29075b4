// Checks a report against limits in a file.
#ifndef BENCH_LIMIT_CHECK_H
#define BENCH_LIMIT_CHECK_H

#include "report.h"

#include <cstdio>
#include <string>

namespace bench {

//! The limits of one file: {"free": [{"row": "mp-loop", "field": "ratio", "max": 1.7}, ...], "pinned": [...]}.
class Limits
{
public:
    //! Throws std::runtime_error when the file can't be read, isn't such JSON or names an unknown row.
    explicit Limits(const std::string& path);
    ~Limits();

    //! Prints each missed limit of the report's mode, and a summary. Limits of rows that weren't selected are left
    //! out; a selected row that couldn't be measured misses its limits. True when none is missed.
    bool check(const Report& report, FILE* file) const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace bench

#endif // BENCH_LIMIT_CHECK_H
