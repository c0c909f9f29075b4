#ifndef MP_RPC_THREAD_SERVER_H
#define MP_RPC_THREAD_SERVER_H

#include "worker-thread.h"

#include <mp/connection.h>
#include <mp/thread-context.h>

namespace mp {

class PendingCall;

//! A thread, as the peer names it: one that waits in a call, and then runs callbacks, or one made for the peer.
template <>
struct ProxyServer<Thread> final : public Thread::Server
{
    //! An application's thread.
    ProxyServer(Connection& connection, ThreadContext& thread);
    //! A worker.
    ProxyServer(Connection& connection, std::unique_ptr<WorkerThread> worker);
    ~ProxyServer() noexcept(false);

    kj::Promise<void> getName(GetNameContext context) override;

    //! Keeps this object while it lives.
    Thread::Client self() { return thisCap(); }
    //! Made for the peer; an application's thread runs its requests only while it waits for it.
    bool isWorker() const { return m_worker != nullptr; }

    //! Null after the thread has ended.
    ThreadContext* m_thread;
    //! Requests queued or running.
    size_t m_requests{0};
    //! The connection that it is exported over, and the key there. Null after the connection is gone.
    Connection* m_connection;
    const capnp::ClientHook* m_hook{nullptr};
    //! The call for which an application's thread got this name: when it is given up, nothing runs under that any more.
    std::shared_ptr<PendingCall> m_call;

private:
    EventLoopRef m_loop;
    std::unique_ptr<WorkerThread> m_worker;
};

//! Makes threads for a peer, and answers its hello.
template <>
struct ProxyServer<ThreadMap> final : public ThreadMap::Server, public Hello::Server
{
    explicit ProxyServer(Connection& connection);
    ~ProxyServer() noexcept(false);

    kj::Promise<void> makeThread(MakeThreadContext context) override;
    kj::Promise<void> makePool(MakePoolContext context) override;
    kj::Promise<void> hello(HelloContext context) override;

    DispatchCallResult dispatchCall(uint64_t interface_id, uint16_t method_id,
                                    capnp::CallContext<capnp::AnyPointer, capnp::AnyPointer> context) override;

private:
    Connection& connection();

    //! Null after the connection is gone.
    Connection* m_connection;
    CleanupIt m_cleanup;
};

//! Workers for requests that name no thread.
class WorkerPool
{
public:
    void add(ProxyServer<Thread>& worker, Thread::Client client)
    {
        m_workers.push_back(&worker);
        m_clients.push_back(kj::mv(client));
    }
    //! The worker with the fewest requests, the first of several.
    Thread::Client& next();

private:
    std::vector<ProxyServer<Thread>*> m_workers;
    std::vector<Thread::Client> m_clients;
};

} // namespace mp

#endif // MP_RPC_THREAD_SERVER_H
