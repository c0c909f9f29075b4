#ifndef MP_RPC_FAIR_MUTEX_H
#define MP_RPC_FAIR_MUTEX_H

#include <atomic>
#include <chrono>
#include <mutex>

namespace mp {

//! A mutex that any thread may take when it is free, which is fast, until none of those that wait has got it for long:
//! then others let one of them pass. A thread that unlocks and locks again would win against one that has to be woken
//! first, again and again.
class FairMutex
{
public:
    void lock()
    {
        if (try_lock()) return;
        for (unsigned turn = m_turns; awaited(); turn = m_turns) m_turns.wait(turn);
        {
            const std::lock_guard lock(m_waiting_mutex);
            if (m_waiting == 0) m_since = Clock::now();
            ++m_waiting;
        }
        m_mutex.lock();
        {
            const std::lock_guard lock(m_waiting_mutex);
            m_since = Clock::now();
            --m_waiting;
        }
        ++m_turns;
        m_turns.notify_all();
    }
    //! @return false if a thread owns the mutex, or is about to because it is let pass
    bool try_lock() { return !awaited() && m_mutex.try_lock(); }
    void unlock() { m_mutex.unlock(); }
    //! Whether those that wait have waited for long.
    bool awaited() const { return m_waiting > 0 && Clock::now() - m_since.load() >= LONG; }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds LONG{10};

    std::mutex m_mutex;
    //! Held to change the next two, so that m_since is right whenever somebody waits; they are read without it.
    std::mutex m_waiting_mutex;
    std::atomic<int> m_waiting{0};
    //! When somebody began to wait, or one of those that wait got the mutex.
    std::atomic<Clock::time_point> m_since{};
    //! Counts those that got the mutex after they had waited.
    std::atomic<unsigned> m_turns{0};
};

} // namespace mp

#endif // MP_RPC_FAIR_MUTEX_H
