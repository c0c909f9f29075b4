// What many samples come down to.
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <cstdint>
#include <vector>

namespace bench {

//! The smallest sample that at least this share (0 to 1) of all samples doesn't exceed; 0 when there are none.
//! Changes their order.
uint64_t Percentile(std::vector<uint64_t>& samples, double share);

//! The middle value, or the mean of the middle two; 0 when there are none.
double Median(std::vector<double> values);

} // namespace bench

#endif // BENCH_STATS_H
