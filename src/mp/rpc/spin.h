#ifndef MP_RPC_SPIN_H
#define MP_RPC_SPIN_H

#include <chrono>
#include <thread>

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

    //! It never looks if this process has one processor only.
    Spin();

    //! @param look   whether there is something, without waiting
    //! @param sleep  waits until there is something
    template <typename Look, typename Sleep>
    void wait(const Look& look, const Sleep& sleep)
    {
        if (!m_alone && m_misses < MISSES) {
            const Clock::time_point start = Clock::now();
            do {
                if (look()) return found();
                // What is waited for may need this processor, or somebody else does.
                std::this_thread::yield();
            } while (Clock::now() - start < TIME);
        }
        sleep();
        slept();
    }

private:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::microseconds TIME{50};

    void found();
    void slept();

    const bool m_alone;
    int m_misses{0};
    int m_pause{FIRST_PAUSE};
    int m_paused{0};
};

} // namespace mp

#endif // MP_RPC_SPIN_H
