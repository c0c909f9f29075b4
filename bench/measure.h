// The measuring loop inside a client process.
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "client.h"
#include "control.h"
#include "shared-area.h"

namespace bench {

//! Carries one command out; the time of each call is left in the area's samples. Throws what a call throws.
Reply Measure(Client& client, const Command& command, SharedArea& area);

} // namespace bench

#endif // BENCH_MEASURE_H
