#ifndef MP_THREAD_CONTEXT_H
#define MP_THREAD_CONTEXT_H

#include <atomic>
#include <condition_variable>
#include <kj/function.h>
#include <list>
#include <map>
#include <memory>
#include <mp/proxy.capnp.h>
#include <mp/proxy.h>
#include <optional>

namespace mp {

class CallScope;
class Reactor;
class ServerRequest;

//! A thread's mailbox: work for the thread, run while it waits.
//! Lock order: an event loop before m_mutex; what m_mutex guards is touched for moments only.
struct Waiter
{
    //! Have the waiting thread run fn. Any thread.
    //! @return false, and nothing done, when a function is still pending
    template <typename Fn>
    bool post(Fn&& fn)
    {
        const Lock lock(m_mutex);
        if (!m_tasks.empty()) return false;
        push(std::forward<Fn>(fn));
        return true;
    }

    //! Have the waiting thread run fn after those that are pending already. Any thread.
    //! @param owned  an event loop that the caller owns: the thread is woken when the loop is given up
    //! @return a number for take()
    uint64_t enqueue(kj::Function<void()> fn, Reactor* owned = nullptr);

    struct Task
    {
        uint64_t number;
        kj::Function<void()> fn;
    };
    //! Take a function back. Any thread.
    //! @return it, or nothing if it isn't pending any more
    std::list<Task> take(uint64_t number);

    //! Set what the waiting thread's predicate reads, and make it look. Any thread. The waiter may be gone afterwards.
    void signal(bool& flag, Reactor* owned = nullptr);

    //! Have the waiting thread run no pending functions until release().
    void hold();
    void release(Reactor* owned = nullptr);

    //! Run pending functions, with the lock released, until there are none and pred() is true.
    template <class Predicate>
    void wait(Lock& lock, Predicate pred) MP_REQUIRES(m_mutex)
    {
        for (;;) {
            while (!m_tasks.empty()) runOne(lock);
            if (pred()) return;
            m_cv.wait(lock.m_lock, [&]() MP_REQUIRES(m_mutex) { return !m_tasks.empty() || pred(); });
        }
    }

    Mutex m_mutex;
    std::condition_variable m_cv;

private:
    friend class Reactor;
    friend class ThreadMapping;

    //! Run the first pending function with the lock released.
    void runOne(Lock& lock) MP_REQUIRES(m_mutex);
    //! Destroy the pending functions, when the thread ends.
    void dropTasks();
    bool hasWork() const MP_REQUIRES(m_mutex) { return !m_held && !m_tasks.empty(); }
    //! Make the thread look again, wherever it sleeps.
    void wake(Reactor* owned) MP_REQUIRES(m_mutex);

    uint64_t push(kj::Function<void()> fn, Reactor* owned = nullptr) MP_REQUIRES(m_mutex);

    std::list<Task> m_tasks MP_GUARDED_BY(m_mutex);
    uint64_t m_last_number MP_GUARDED_BY(m_mutex){0};
    bool m_held MP_GUARDED_BY(m_mutex){false};
    //! 1 while the thread sleeps there, instead of on m_cv. Changed holding m_mutex.
    std::atomic<uint32_t> m_sleep_word{0};
    //! The event loop on whose events the thread sleeps at this moment, instead of on m_cv.
    Reactor* m_leading MP_GUARDED_BY(m_mutex){nullptr};
    //! Its sleep has been interrupted already.
    bool m_kicked MP_GUARDED_BY(m_mutex){false};
};

template <>
struct ProxyClient<Thread> : public ProxyClientBase<Thread, ::capnp::Void>
{
    using ProxyClientBase::ProxyClientBase;
};

//! Threads by the connection over which they are known.
using ConnThreads = std::map<Connection*, std::optional<ProxyClient<Thread>>>;

//! What this library keeps for a thread. Lives until the thread ends.
struct ThreadContext
{
    ThreadContext();
    ThreadContext(const ThreadContext&) = delete;
    ThreadContext& operator=(const ThreadContext&) = delete;
    ~ThreadContext();

    //! Name in log messages and for peers; applications may assign it.
    std::string thread_name;

    std::unique_ptr<Waiter> waiter;

    //! This thread, as exported to the peer of each connection. Modified while owning the connection's loop, and
    //! holding waiter->m_mutex.
    ConnThreads callback_threads;

    //! The peer's thread that runs this thread's calls over each connection. Guarded in the same way.
    ConnThreads request_threads;

private:
    friend class CallScope;
    friend class ServerRequest;
    friend class ThreadMapping;

    //! The objects behind callback_threads, and those that stand for this thread in single calls. Guarded as they are.
    std::multimap<Connection*, ProxyServer<Thread>*> m_exported;
    //! The request that this thread runs, the innermost one.
    ServerRequest* m_request{nullptr};
    //! What bounds the calls that it makes, the innermost one.
    const CallScope* m_scope{nullptr};
};

//! The calling thread's context.
ThreadContext& CurrentThread();

//! The same object. (A reference to storage of the threads library: no thread_local object here has a destructor,
//! which some platforms run too late.)
extern thread_local ThreadContext& g_thread_context;

} // namespace mp

#endif // MP_THREAD_CONTEXT_H
