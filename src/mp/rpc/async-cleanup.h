#ifndef MP_RPC_ASYNC_CLEANUP_H
#define MP_RPC_ASYNC_CLEANUP_H

#include <condition_variable>
#include <deque>
#include <functional>
#include <mp/proxy.h>
#include <thread>

namespace mp {

//! Runs users' destructors and cleanup functions on a thread of its own, in order: they may block, or make calls.
//! Each function holds a reference to the loop until it has run.
class AsyncCleanup
{
public:
    explicit AsyncCleanup(EventLoop& loop) : m_loop(loop) {}
    AsyncCleanup(const AsyncCleanup&) = delete;
    AsyncCleanup& operator=(const AsyncCleanup&) = delete;
    //! Waits for the thread.
    ~AsyncCleanup();

    //! Starts the thread when it is first needed.
    void add(std::function<void()> fn);

private:
    struct Entry
    {
        std::function<void()> fn;
        EventLoopRef ref;
    };

    void startThread() MP_REQUIRES(m_mutex);
    void run();

    EventLoop& m_loop;
    Mutex m_mutex;
    std::condition_variable m_cv;
    std::deque<Entry> m_entries MP_GUARDED_BY(m_mutex);
    bool m_stop MP_GUARDED_BY(m_mutex){false};
    std::thread m_thread;
};

} // namespace mp

#endif // MP_RPC_ASYNC_CLEANUP_H
