// Rows that are about time: many calls, one after another or from several threads, in rounds.
#ifndef BENCH_TIMED_H
#define BENCH_TIMED_H

#include "pair.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bench {

//! What a row's ratio to its base compares.
enum class Compare { latency, tail, throughput };

struct TimedRow {
    std::string name;
    std::string title;
    std::string kind;         //!< of the pair that makes the calls
    std::string op;
    std::string base{};       //!< the row that this one is compared with; empty for none
    uint64_t size{0};         //!< bytes of payload
    unsigned threads{1};
    unsigned in_flight{1};    //!< calls that a thread has on their way at a time
    uint64_t pace_us{0};      //!< from call to call; 0 for no pause
    Compare compare{Compare::latency};
    uint64_t memory{0};       //!< bytes that must be available to start the pair
};

//! How much to measure.
struct Effort {
    unsigned rounds;
    uint64_t calls;      //!< of one row in one round
    uint64_t budget_ns;  //!< about the longest time of one row in one round, for slow calls
    uint64_t min_calls;  //!< in one round, however slow

    static Effort Full() { return {10, 2'000, 300'000'000, 10}; }
    static Effort Quick() { return {2, 200, 50'000'000, 2}; }
};

//! Every row that takes less than a millisecond has at least so many samples, unless the effort is quick.
constexpr size_t MIN_SAMPLES{10'000};

struct TimedResult {
    TimedRow row;
    std::vector<uint64_t> samples;       //!< nanoseconds, of all rounds
    std::vector<double> round_p50;       //!< microseconds
    std::vector<double> round_p99;       //!< microseconds
    std::vector<double> round_rate;      //!< calls per second
    std::vector<double> round_cpu;       //!< microseconds of CPU time for each call
    std::string skipped;                 //!< why there are no samples
    bool failed{false};                  //!< skipped because a call failed
};

//! Measures all rows in turn, round after round, so that what disturbs the machine for a while disturbs them alike.
//! `progress` is told what comes next. A row that fails is given up; the others go on.
std::vector<TimedResult> MeasureTimed(const std::vector<TimedRow>& rows, const Effort& effort,
                                      const std::function<void(const std::string&)>& progress);

struct Ratio {
    double median;
    double low;
    double high;
};

//! Compares round by round. All zero when one of them has no samples.
Ratio CompareRounds(const TimedResult& result, const TimedResult& base);

} // namespace bench

#endif // BENCH_TIMED_H
