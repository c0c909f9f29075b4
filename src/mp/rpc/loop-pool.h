#ifndef MP_RPC_LOOP_POOL_H
#define MP_RPC_LOOP_POOL_H

#include "worker-thread.h"

#include <kj/memory.h>
#include <list>
#include <unordered_map>
#include <vector>

namespace mp {

class Connection;
class ServerRequest;

//! Threads of a loop, for requests that name none. Requests of one connection begin in their order, and connections take
//! turns. Owning the loop.
class LoopPool
{
public:
    explicit LoopPool(EventLoop& loop) : m_loop(loop) {}
    LoopPool(const LoopPool&) = delete;
    LoopPool& operator=(const LoopPool&) = delete;

    //! Threads are started when they are needed. What there is of them stays.
    void setMaxThreads(size_t max) { m_max_threads = max; }
    //! Whether it takes requests.
    bool on() const { return m_max_threads > 0; }

    //! Make sure that there is a thread.
    //! @throws std::system_error when none can be started
    void prepare();
    //! After prepare(): run the request on a thread when its turn comes.
    void add(Connection& connection, kj::Own<ServerRequest> request);
    //! Take a request back that waits for its turn.
    //! @return it, or null if it has a thread
    kj::Own<ServerRequest> take(Connection& connection, ServerRequest& request);
    //! A request has ended that had the thread.
    void release(WorkerThread& thread);

private:
    using Queue = std::list<kj::Own<ServerRequest>>;

    //! A thread that runs nothing, or null.
    WorkerThread* idle();
    void start();

    EventLoop& m_loop;
    size_t m_max_threads{0};
    std::vector<std::unique_ptr<WorkerThread>> m_threads;
    //! The one that ran last is taken first: its caches are warm.
    std::vector<WorkerThread*> m_idle;
    std::unordered_map<Connection*, Queue> m_waiting;
    //! Those whose requests wait. Who has had its turn goes to the end.
    std::list<Connection*> m_turns;
};

} // namespace mp

#endif // MP_RPC_LOOP_POOL_H
