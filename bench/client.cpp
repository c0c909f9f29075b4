#include "client.h"

#include "clock.h"

#include <cerrno>

namespace bench {

void Client::pauseUntil(uint64_t ns)
{
    const timespec until{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
}

} // namespace bench
