#ifndef MP_CALL_TIMEOUT_H
#define MP_CALL_TIMEOUT_H

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace mp {

//! How long calls may take that begin in no DeadlineScope, if that is limited. Any thread.
class CallTimeout
{
public:
    //! Of calls that begin from now on; unset: as long as they like. With no time at all they fail before they are sent.
    void set(std::optional<std::chrono::nanoseconds> timeout)
    {
        m_timeout.store(timeout ? std::max<int64_t>(timeout->count(), 0) : NONE, std::memory_order_relaxed);
    }
    std::optional<std::chrono::nanoseconds> get() const
    {
        const int64_t timeout = m_timeout.load(std::memory_order_relaxed);
        if (timeout == NONE) return std::nullopt;
        return std::chrono::nanoseconds(timeout);
    }

private:
    static constexpr int64_t NONE = -1;
    std::atomic<int64_t> m_timeout{NONE};
};

} // namespace mp

#endif // MP_CALL_TIMEOUT_H
