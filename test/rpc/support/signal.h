// Waiting for a moment in another thread.
#ifndef MP_TEST_RPC_SUPPORT_SIGNAL_H
#define MP_TEST_RPC_SUPPORT_SIGNAL_H

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace mp::test {

//! Generous, because the machine may be busy: no passing test comes near it.
constexpr auto DEADLINE = std::chrono::seconds(60);

//! Something that happens once.
class Signal
{
public:
    void set()
    {
        const std::lock_guard lock(m_mutex);
        m_set = true;
        // Notified under the mutex: who waits may destroy this object.
        m_cv.notify_all();
    }
    bool isSet() const
    {
        const std::lock_guard lock(m_mutex);
        return m_set;
    }
    //! @return false when the deadline has passed
    [[nodiscard]] bool wait() const
    {
        std::unique_lock lock(m_mutex);
        return m_cv.wait_for(lock, DEADLINE, [this] { return m_set; });
    }

private:
    mutable std::mutex m_mutex;
    mutable std::condition_variable m_cv;
    bool m_set{false};
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_SIGNAL_H
