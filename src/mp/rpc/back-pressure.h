#ifndef MP_RPC_BACK_PRESSURE_H
#define MP_RPC_BACK_PRESSURE_H

#include <atomic>

namespace mp {

//! Holds up the threads that would make more output for a peer that doesn't take what it has. Shared by a connection and
//! its requests, and outlives it.
class BackPressure
{
public:
    //! Owning the loop.
    void set(bool on)
    {
        m_on.store(on);
        if (!on) m_on.notify_all();
    }
    //! Any thread; elsewhere than on the loop's owner it may have changed by then.
    bool on() const { return m_on.load(std::memory_order_relaxed) != 0; }
    //! Wait until it is off. Not owning any loop.
    void pass() const { m_on.wait(1); }

private:
    std::atomic<int> m_on{0};
};

} // namespace mp

#endif // MP_RPC_BACK_PRESSURE_H
