// All rows, in the table's order. A new row is one more entry, and an operation of some client if none fits.
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "counted.h"
#include "timed.h"

#include <string>
#include <vector>

namespace bench {

//! Those of a run without names. There are more, on request: they are measured when they are named, as by the picture.
const std::vector<TimedRow>& TimedRows();
const std::vector<CountedRow>& CountedRows();

//! Every name that can be selected and that a limit can be set for.
std::vector<std::string> RowNames();

struct Selection {
    std::vector<TimedRow> timed;
    std::vector<CountedRow> counted;
};

//! The rows of these names and those that they are compared with; without names, all but those on request.
//! Throws std::invalid_argument for an unknown name.
Selection SelectRows(const std::vector<std::string>& names);

} // namespace bench

#endif // BENCH_ROWS_H
