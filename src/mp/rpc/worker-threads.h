#ifndef MP_RPC_WORKER_THREADS_H
#define MP_RPC_WORKER_THREADS_H

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mp/proxy.h>
#include <mp/thread-context.h>
#include <thread>

namespace mp {

//! The threads that a loop started, so that each is joined: those that have ended when the next one starts, the rest
//! at the end. Owning the loop.
class WorkerThreads
{
public:
    WorkerThreads() = default;
    WorkerThreads(const WorkerThreads&) = delete;
    WorkerThreads& operator=(const WorkerThreads&) = delete;
    //! Waits for all; they must have been told to end.
    ~WorkerThreads();

    //! Run fn on a new thread. When fn returns, the thread must have nothing left to do with the loop.
    //! @throws std::system_error when there are too many threads
    void start(std::function<void()> fn);

private:
    struct Entry
    {
        std::thread thread;
        std::atomic<bool> ended{false};
    };

    std::list<Entry> m_entries;
};

//! A thread that runs a peer's requests until it is dropped. Dropping doesn't wait for what it runs.
class WorkerThread
{
public:
    //! Starts the thread. name makes its thread_name, on it. Owning the loop.
    WorkerThread(EventLoop& loop, std::function<std::string()> name);
    WorkerThread(const WorkerThread&) = delete;
    WorkerThread& operator=(const WorkerThread&) = delete;
    ~WorkerThread();

    ThreadContext& context() { return *m_context; }

private:
    //! The thread's own, which lives until this object is gone.
    ThreadContext* m_context{nullptr};
    //! Shared with the thread. Guarded by the mutex of the thread's waiter.
    std::shared_ptr<bool> m_quit;
};

} // namespace mp

#endif // MP_RPC_WORKER_THREADS_H
