#ifndef MP_RPC_SPIN_H
#define MP_RPC_SPIN_H

#include <chrono>
#include <thread>
#include <utility>

namespace mp {

//! How a thread waits for events: where the next one comes within microseconds, looking again and again for a while saves
//! the time that it takes to wake a thread and an idle processor; elsewhere it is wasted. What is done depends on how
//! long the last waits took. One thread at a time.
class Spin
{
public:
    //! Waits in a row that took longer than it looks, after which it looks no more,
    static constexpr int MISSES = 3;
    //! until it tries again once after so many, twice as many after each time in vain.
    static constexpr int FIRST_PAUSE = 16;
    static constexpr int LAST_PAUSE = 4096;
    //! How long it looks.
    static constexpr std::chrono::microseconds TIME{50};
    //! What it loses its processor for where other threads want it, and not only an interrupt.
    static constexpr std::chrono::microseconds TIME_SLICE{500};
    //! It doesn't look for so long then, twice as long each time that it happens again as soon as it looks.
    static constexpr std::chrono::milliseconds FIRST_BUSY_TIME{5};
    static constexpr std::chrono::milliseconds LAST_BUSY_TIME{160};

    using Clock = std::chrono::steady_clock;

    //! It never looks if this process has one processor only.
    //! @param now  the time, for tests
    explicit Spin(Clock::time_point (*now)() = Clock::now);

    //! @param look   whether there is something, without waiting
    //! @param sleep  waits until there is something
    template <typename Look, typename Sleep>
    void wait(const Look& look, const Sleep& sleep)
    {
        if (m_alone) return sleep();
        const Clock::time_point start = m_now();
        if (start < m_busy_until) return sleep();
        if (m_misses < MISSES) {
            Clock::time_point now = start;
            do {
                if (look()) return found();
                // What is waited for may need this processor, or somebody else does.
                std::this_thread::yield();
                const Clock::time_point before = std::exchange(now, m_now());
                if (now - before > TIME_SLICE) {
                    lost(now);
                    return sleep();
                }
            } while (now - start < TIME);
        }
        sleep();
        slept();
    }

private:
    void found();
    void slept();
    void lost(Clock::time_point now);

    Clock::time_point (*const m_now)();
    const bool m_alone;
    int m_misses{0};
    int m_pause{FIRST_PAUSE};
    int m_paused{0};
    Clock::duration m_busy_time{};
    Clock::time_point m_busy_until{};
};

} // namespace mp

#endif // MP_RPC_SPIN_H
