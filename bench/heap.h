// Counts heap allocations of this process.
#ifndef BENCH_HEAP_H
#define BENCH_HEAP_H

#include <atomic>
#include <cstdint>

namespace bench {

//! False where the allocator can't be counted: with sanitizers, and without glibc.
bool CanCountAllocations();

//! From now on every allocation of any thread, from C or C++, adds one to the counter; null ends that.
//! The counter must stay valid until the process ends.
void CountAllocations(std::atomic<uint64_t>* counter);

} // namespace bench

#endif // BENCH_HEAP_H
