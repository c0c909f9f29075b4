// Where and how the program runs, for the head of a report.
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <string>

namespace bench {

//! "pinned" when this process may run on one CPU only, as under `taskset -c 0`; "free" otherwise.
std::string ModeName();

//! Processor, CPUs, kernel.
std::string MachineText();

//! Compiler, optimisation, Cap'n Proto's version.
std::string BuildText();

} // namespace bench

#endif // BENCH_MACHINE_H
