#include "client.h"

#include "clock.h"

#include <cerrno>

namespace bench {

Call Client::prepareInFlight(const std::string& op, size_t, unsigned)
{
    throw std::invalid_argument("this client can't have several calls of '" + op + "' in flight");
}

void Client::pauseUntil(uint64_t ns)
{
    const timespec until{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
}

} // namespace bench
