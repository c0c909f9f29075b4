#include "spin.h"

#include <algorithm>
#include <sched.h>

namespace mp {

namespace {
bool HasOneProcessor()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    // Fails where there are more than the set has room for.
    return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1;
}
} // namespace

Spin::Spin(Clock::time_point (*now)()) : m_now(now), m_alone(HasOneProcessor()) {}

void Spin::found()
{
    m_misses = 0;
    m_pause = FIRST_PAUSE;
}

void Spin::slept()
{
    if (m_misses < MISSES) {
        if (++m_misses == MISSES) m_paused = 0;
    } else if (++m_paused >= m_pause) {
        m_misses = MISSES - 1;
        m_pause = std::min(2 * m_pause, LAST_PAUSE);
    }
}

void Spin::lost(Clock::time_point now)
{
    // Who yields comes after all others, who wakes up often before them.
    const bool again = now - m_busy_until < m_busy_time;
    m_busy_time = again ? std::min<Clock::duration>(2 * m_busy_time, LAST_BUSY_TIME) : FIRST_BUSY_TIME;
    m_busy_until = now + m_busy_time;
}

} // namespace mp
