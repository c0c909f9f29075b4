#include "restart-plan.h"

#include <algorithm>
#include <stdexcept>

namespace mp {

namespace {
using std::chrono::milliseconds;

//! Longer delays are no different, and too long to count with.
constexpr milliseconds LONGEST = std::chrono::hours{24 * 365};

milliseconds ToMs(RestartPlan::Clock::duration time) { return std::chrono::duration_cast<milliseconds>(time); }
} // namespace

RestartPlan::RestartPlan(const Backoff& backoff) : m_backoff(backoff), m_delay(std::min(backoff.initial, LONGEST))
{
    if (backoff.initial < milliseconds::zero() || backoff.max < backoff.initial || !(backoff.factor >= 1)) {
        throw std::invalid_argument("back-off: a delay below zero, or a factor below one");
    }
}

std::optional<milliseconds> RestartPlan::next(Clock::duration ran, Clock::time_point now)
{
    while (!m_restarts.empty() && ToMs(now - m_restarts.front()) >= m_backoff.window) m_restarts.pop_front();
    if (m_backoff.max_restarts) {
        if (m_restarts.size() >= *m_backoff.max_restarts) return std::nullopt;
        m_restarts.push_back(now);
    }
    const milliseconds longest = std::min(m_backoff.max, LONGEST);
    if (ToMs(ran) >= m_backoff.reset_after) m_delay = std::min(m_backoff.initial, longest);
    const auto delay = std::chrono::duration_cast<milliseconds>(m_delay);
    // In this order: zero times infinity is no number.
    m_delay = std::min<decltype(m_delay)>(longest, m_delay * m_backoff.factor);
    return delay;
}

} // namespace mp
