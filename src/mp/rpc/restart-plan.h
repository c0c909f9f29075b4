#ifndef MP_RPC_RESTART_PLAN_H
#define MP_RPC_RESTART_PLAN_H

#include <chrono>
#include <deque>
#include <mp/supervisor.h>
#include <optional>

namespace mp {

//! When a child that has ended is started again.
class RestartPlan
{
public:
    using Clock = std::chrono::steady_clock;

    //! @throws std::invalid_argument
    explicit RestartPlan(const Backoff& backoff);

    //! @param ran  how long the child did
    //! @return how long to wait; nothing if it was started again too often already
    std::optional<std::chrono::milliseconds> next(Clock::duration ran, Clock::time_point now);

private:
    const Backoff m_backoff;
    //! With its fraction: rounded, a short one would never grow.
    std::chrono::duration<double, std::milli> m_delay;
    //! When restarts were planned, those within the window.
    std::deque<Clock::time_point> m_restarts;
};

} // namespace mp

#endif // MP_RPC_RESTART_PLAN_H
