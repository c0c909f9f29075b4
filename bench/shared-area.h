// Memory that the benchmark and the processes of one pair share.
#ifndef BENCH_SHARED_AREA_H
#define BENCH_SHARED_AREA_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sys/types.h>

namespace bench {

enum class Side : int { client = 0, server = 1 };

struct SharedArea {
    static constexpr size_t MAX_SAMPLES{16'384};

    //! On a cache line of its own, so that neither process slows the other one's counting.
    struct alignas(64) Counter {
        std::atomic<uint64_t> value;
    };

    pid_t server_pid;           //!< 0 without a server
    Counter allocations[2];     //!< by Side; stays 0 unless the pair counts
    uint64_t samples[MAX_SAMPLES]; //!< nanoseconds; written by the client, valid once it has replied
};

struct SharedAreaUnmap {
    void operator()(SharedArea* area) const;
};
using SharedAreaPtr = std::unique_ptr<SharedArea, SharedAreaUnmap>;

//! A new area, all zero; sets the descriptor, which the caller owns, to pass on to other processes.
SharedAreaPtr CreateSharedArea(int& fd);

//! Maps the area behind a descriptor that another process made.
SharedAreaPtr MapSharedArea(int fd);

} // namespace bench

#endif // BENCH_SHARED_AREA_H
