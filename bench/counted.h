// Figures that are counts rather than times: what one call, one connection or one thread costs.
#ifndef BENCH_COUNTED_H
#define BENCH_COUNTED_H

#include <optional>
#include <string>
#include <vector>

namespace bench {

struct Counted {
    std::string name;
    std::string title;
    std::string unit;
    double value{0};
    std::optional<double> plain{};    //!< the same of plain Cap'n Proto, where there is such a thing
    std::vector<std::string> notes{}; //!< whole lines, for people
    std::string skipped{};            //!< why it couldn't be measured

    //! To plain; 0 when there is none.
    double ratio() const { return plain && *plain > 0 ? value / *plain : 0; }
};

//! Measures some figures, each known by its name.
struct CountedRow {
    std::vector<std::string> names;
    std::vector<Counted> (*measure)();
};

//! CPU time of one worker call, both processes.
std::vector<Counted> CountCpu();
//! Heap allocations of one worker call, both processes.
std::vector<Counted> CountAllocated();
//! System calls of one worker call, both processes: first all that do work, then those that wake
//! threads, and those that look in vain instead of sleeping.
std::vector<Counted> CountSystemCalls();
//! Instructions that both processes execute outside the kernel for one worker call, counted by callgrind on one CPU.
std::vector<Counted> CountInstructions();
//! Memory of one idle connection, both processes.
std::vector<Counted> CountConnectionMemory();
//! Memory of one idle client thread and of what serves it, both processes.
std::vector<Counted> CountThreadMemory();

} // namespace bench

#endif // BENCH_COUNTED_H
