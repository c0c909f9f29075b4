#ifndef MP_RPC_ASYNC_CLEANUP_H
#define MP_RPC_ASYNC_CLEANUP_H

#include "in-flight.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mp/proxy.h>
#include <thread>

namespace mp {

//! Runs users' destructors and cleanup functions away from the loop: they may block, or make calls. Those of one queue
//! run in order, one at a time; queues don't wait for each other. One thread does it, and more only where a function
//! keeps it from all others. Each function holds a reference to the loop until it has run.
class AsyncCleanup
{
public:
    //! What functions have to have in common to run in order: their connection, say. Kept until they have run.
    using Key = std::shared_ptr<const void>;

    explicit AsyncCleanup(EventLoop& loop) : m_loop(loop) {}
    AsyncCleanup(const AsyncCleanup&) = delete;
    AsyncCleanup& operator=(const AsyncCleanup&) = delete;
    //! Waits for the threads.
    ~AsyncCleanup();

    //! Owning the loop.
    void add(Key key, std::function<void()> fn);

    //! Ready when the functions added so far have run. Any thread.
    std::future<void> done();
    //! Whether this thread runs such functions.
    bool isCleanupThread();

private:
    struct Entry
    {
        std::function<void()> fn;
        InFlight::Token token;
        EventLoopRef ref;
    };
    struct Queue
    {
        Key key;
        std::deque<Entry> entries;
        bool running{false};
    };

    void startThread() MP_REQUIRES(m_mutex);
    void run();
    //! @return false when the thread should end
    bool waitForWork(Lock& lock) MP_REQUIRES(m_mutex);
    void runOne(Lock& lock) MP_REQUIRES(m_mutex);

    void watch() MP_REQUIRES(m_mutex);
    void look();

    std::list<std::thread>::iterator findThread() MP_REQUIRES(m_mutex);

    EventLoop& m_loop;
    Mutex m_mutex;
    std::condition_variable m_cv;
    InFlight m_in_flight MP_GUARDED_BY(m_mutex);
    //! By the address of the key.
    std::map<const void*, Queue> m_queues MP_GUARDED_BY(m_mutex);
    //! Those with something to do of which nothing runs.
    std::deque<Queue*> m_ready MP_GUARDED_BY(m_mutex);
    //! Functions that were begun, in all.
    size_t m_begun MP_GUARDED_BY(m_mutex){0};
    //! m_begun when watch() last looked.
    size_t m_seen_begun MP_GUARDED_BY(m_mutex){0};
    bool m_watching MP_GUARDED_BY(m_mutex){false};
    bool m_stop MP_GUARDED_BY(m_mutex){false};
    size_t m_idle MP_GUARDED_BY(m_mutex){0};
    std::list<std::thread> m_threads MP_GUARDED_BY(m_mutex);
    //! Joined by the next thread that starts, or in the end.
    std::list<std::thread> m_ended MP_GUARDED_BY(m_mutex);
};

} // namespace mp

#endif // MP_RPC_ASYNC_CLEANUP_H
