// The clocks that every row is measured with.
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <cstdint>
#include <sys/types.h>
#include <time.h>

namespace bench {

inline uint64_t ToNs(const timespec& time)
{
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

//! Nanoseconds on the monotonic clock.
inline uint64_t NowNs()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ToNs(now);
}

//! CPU time that all threads of a process have used, in nanoseconds; 0 when the process is gone.
inline uint64_t CpuNs(pid_t pid)
{
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
    return ToNs(used);
}

} // namespace bench

#endif // BENCH_CLOCK_H
