#include "thread-server.h"

#include "thread-mapping.h"

#include <kj/debug.h>
#include <mp/event-loop.h>

namespace mp {

ProxyServer<Thread>::ProxyServer(Connection& connection, ThreadContext& thread)
    : m_thread(&thread), m_connection(&connection), m_loop(*connection.m_loop)
{
}

ProxyServer<Thread>::ProxyServer(Connection& connection, std::unique_ptr<WorkerThread> worker)
    : m_thread(&worker->context()), m_connection(&connection), m_loop(*connection.m_loop), m_worker(std::move(worker))
{
    ++connection.m_workers;
}

ProxyServer<Thread>::~ProxyServer() noexcept(false)
{
    if (m_worker && m_connection) --m_connection->m_workers;
    ThreadMapping::forgetExport(*this);
}

kj::Promise<void> ProxyServer<Thread>::getName(GetNameContext context)
{
    context.getResults().setResult(m_thread ? m_thread->thread_name : "");
    return kj::READY_NOW;
}

ProxyServer<ThreadMap>::ProxyServer(Connection& connection)
    : m_connection(&connection), m_cleanup(connection.addSyncCleanup([this] { m_connection = nullptr; }))
{
    connection.addObject();
}

ProxyServer<ThreadMap>::~ProxyServer() noexcept(false)
{
    if (m_connection == nullptr) return;
    m_connection->removeObject();
    m_connection->removeSyncCleanup(m_cleanup);
}

Connection& ProxyServer<ThreadMap>::connection()
{
    if (m_connection == nullptr) {
        kj::throwFatalException(KJ_EXCEPTION(DISCONNECTED, "the connection that threads were asked for is closed"));
    }
    return *m_connection;
}

kj::Promise<void> ProxyServer<ThreadMap>::makeThread(MakeThreadContext context)
{
    EventLoop& loop = *connection().m_loop;
    if (loop.testing_hook_makethread) loop.testing_hook_makethread();
    Connection& connection = this->connection();
    const std::string from = context.getParams().getName();
    connection.checkThreads(1);
    auto worker = std::make_unique<WorkerThread>(loop, [&loop, from] { return ThreadName(loop.m_exe_name) + " (from " + from + ")"; });
    auto server = kj::heap<ProxyServer<Thread>>(connection, std::move(worker));
    context.getResults().setResult(ThreadMapping::exportThread(connection, kj::mv(server)));
    return kj::READY_NOW;
}

kj::Promise<void> ProxyServer<ThreadMap>::makePool(MakePoolContext context)
{
    Connection& connection = this->connection();
    EventLoop& loop = *connection.m_loop;
    if (connection.m_pool) throw std::runtime_error("makePool called on connection with existing pool");
    const uint32_t count = context.getParams().getCount();
    if (count == 0) return kj::READY_NOW;
    connection.checkThreads(count);
    auto pool = std::make_unique<WorkerPool>();
    for (uint32_t i = 0; i < count; ++i) {
        auto worker = std::make_unique<WorkerThread>(
            loop, [&loop, i] { return ThreadName(loop.m_exe_name) + " (pool/" + std::to_string(i) + ")"; });
        auto server = kj::heap<ProxyServer<Thread>>(connection, std::move(worker));
        ProxyServer<Thread>& thread = *server;
        pool->add(thread, ThreadMapping::exportThread(connection, kj::mv(server)));
    }
    connection.m_pool = std::move(pool);
    return kj::READY_NOW;
}

Thread::Client& WorkerPool::next()
{
    size_t best = 0;
    for (size_t i = 1; i < m_workers.size(); ++i) {
        if (m_workers[i]->m_requests < m_workers[best]->m_requests) best = i;
    }
    return m_clients[best];
}

} // namespace mp
