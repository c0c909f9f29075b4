#ifndef MP_RPC_TIME_LEFT_H
#define MP_RPC_TIME_LEFT_H

#include <algorithm>
#include <chrono>
#include <ctime>

namespace mp {

//! That much later. Clocks don't go on for ever.
inline std::chrono::steady_clock::time_point TimeAfter(std::chrono::nanoseconds timeout)
{
    using Clock = std::chrono::steady_clock;
    const auto now = Clock::now();
    return timeout < Clock::time_point::max() - now ? now + timeout : Clock::time_point::max();
}

//! Until then, for system calls; nothing if it has passed.
inline timespec TimeLeft(std::chrono::steady_clock::time_point deadline)
{
    const auto left = std::max<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now(), {});
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    timespec time{};
    time.tv_sec = static_cast<time_t>(seconds.count());
    time.tv_nsec = static_cast<long>((left - seconds).count());
    return time;
}

} // namespace mp

#endif // MP_RPC_TIME_LEFT_H
