#include <mp/cancel.h>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mp/sync.h>
#include <optional>
#include <thread>

namespace mp {

//! Shared by the copies of a token and its callbacks.
class detail::CancelState
{
public:
    void cancel()
    {
        Lock lock(m_mutex);
        if (m_cancelled) return;
        m_cancelled = true;
        m_cv.notify_all();
        while (!m_callbacks.empty()) {
            std::list<Callback> next;
            next.splice(next.begin(), m_callbacks, m_callbacks.begin());
            m_running = next.front().number;
            m_runner = std::this_thread::get_id();
            Unlock(lock, [&] {
                run(next.front().fn);
                // Without the lock, too: what it holds may use the token.
                next.clear();
            });
            m_running.reset();
            m_cv.notify_all();
        }
    }
    bool cancelled()
    {
        const Lock lock(m_mutex);
        return m_cancelled;
    }
    bool wait(std::chrono::nanoseconds timeout)
    {
        Lock lock(m_mutex);
        // What is too much for a clock is for ever.
        const std::chrono::nanoseconds time = std::min<std::chrono::nanoseconds>(timeout, std::chrono::hours(24 * 365));
        m_cv.wait_for(lock.m_lock, time, [&]() MP_REQUIRES(m_mutex) { return m_cancelled; });
        return m_cancelled;
    }
    //! @return a number for remove()
    uint64_t add(std::function<void()> fn)
    {
        {
            const Lock lock(m_mutex);
            if (!m_cancelled) {
                m_callbacks.push_back({++m_last_number, std::move(fn)});
                return m_last_number;
            }
        }
        run(fn);
        return 0;
    }
    void remove(uint64_t number)
    {
        std::list<Callback> removed;
        Lock lock(m_mutex);
        for (auto it = m_callbacks.begin(); it != m_callbacks.end(); ++it) {
            if (it->number != number) continue;
            removed.splice(removed.begin(), m_callbacks, it);
            return;
        }
        if (m_runner == std::this_thread::get_id()) return;
        m_cv.wait(lock.m_lock, [&]() MP_REQUIRES(m_mutex) { return m_running != number; });
    }

private:
    struct Callback
    {
        uint64_t number;
        std::function<void()> fn;
    };

    static void run(const std::function<void()>& fn) noexcept
    {
        try {
            fn();
        } catch (...) {
        }
    }

    Mutex m_mutex;
    std::condition_variable m_cv;
    bool m_cancelled MP_GUARDED_BY(m_mutex){false};
    std::list<Callback> m_callbacks MP_GUARDED_BY(m_mutex);
    uint64_t m_last_number MP_GUARDED_BY(m_mutex){0};
    //! The callback that runs now, and the thread that runs it.
    std::optional<uint64_t> m_running MP_GUARDED_BY(m_mutex);
    std::thread::id m_runner MP_GUARDED_BY(m_mutex);
};

CancelToken::CancelToken() : m_state(std::make_shared<detail::CancelState>()) {}

void CancelToken::cancel()
{
    // A callback may destroy the token.
    const auto state = m_state;
    state->cancel();
}

bool CancelToken::cancelled() const { return m_state->cancelled(); }

bool CancelToken::waitCancelled(std::chrono::nanoseconds timeout) const { return m_state->wait(timeout); }

CancelCallback::CancelCallback(const CancelToken& token, std::function<void()> fn)
    : m_state(token.m_state), m_number(m_state->add(std::move(fn)))
{
}

CancelCallback::~CancelCallback() { m_state->remove(m_number); }

} // namespace mp
