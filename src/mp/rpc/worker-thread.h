#ifndef MP_RPC_WORKER_THREAD_H
#define MP_RPC_WORKER_THREAD_H

#include <functional>
#include <memory>
#include <mp/proxy.h>
#include <mp/thread-context.h>
#include <thread>

namespace mp {

//! A thread that runs a peer's requests until it is dropped. Owning the loop.
class WorkerThread
{
public:
    //! Starts the thread. name makes its thread_name, on it.
    //! @throws std::system_error when there are too many threads
    WorkerThread(EventLoop& loop, std::function<std::string()> name);
    WorkerThread(const WorkerThread&) = delete;
    WorkerThread& operator=(const WorkerThread&) = delete;
    //! Tells the thread to end. It is joined on a cleanup thread of the loop: destructors of the application's
    //! thread-locals run on it, and may need the loop.
    ~WorkerThread();

    //! The thread's own, which lives until this object is gone.
    ThreadContext& context() { return *m_context; }

private:
    EventLoop& m_loop;
    //! Shared with the thread. Guarded by the mutex of the thread's waiter.
    std::shared_ptr<bool> m_quit;
    std::thread m_thread;
    ThreadContext* m_context{nullptr};
};

} // namespace mp

#endif // MP_RPC_WORKER_THREAD_H
