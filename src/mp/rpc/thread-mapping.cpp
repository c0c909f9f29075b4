#include "thread-mapping.h"

#include "fault.h"
#include "pending-call.h"
#include "thread-server.h"

#include <mp/event-loop.h>
#include <mp/proxy-invoke.h>
#include <utility>

namespace mp {

namespace {
const Thread::Client* Find(const ConnThreads& threads, Connection& connection)
{
    const auto it = threads.find(&connection);
    return it == threads.end() ? nullptr : &it->second->m_client;
}
} // namespace

void ThreadMapping::insert(ConnThreads& threads, Connection& connection, ThreadContext& thread, Thread::Client client)
{
    const Lock lock(thread.waiter->m_mutex);
    if (!thread.request_threads.contains(&connection) && !thread.callback_threads.contains(&connection)) {
        connection.m_thread_contexts.push_back(&thread);
    }
    threads[&connection].emplace(kj::mv(client), &connection, /* destroy_connection= */ false);
}

Thread::Client ThreadMapping::callbackThread(Connection& connection, ThreadContext& thread)
{
    {
        const Lock lock(thread.waiter->m_mutex);
        if (const Thread::Client* client = Find(thread.callback_threads, connection)) {
            return const_cast<Thread::Client&>(*client);
        }
    }
    auto server = kj::heap<ProxyServer<Thread>>(connection, thread);
    ProxyServer<Thread>& exported = *server;
    Thread::Client client = exportThread(connection, kj::mv(server));
    insert(thread.callback_threads, connection, thread, client);
    const Lock lock(thread.waiter->m_mutex);
    thread.m_exported.emplace(&connection, &exported);
    return client;
}

Thread::Client ThreadMapping::callbackThread(Connection& connection, ThreadContext& thread,
                                             const std::shared_ptr<PendingCall>& call)
{
    // The entry by which the end of the thread, or of the connection, finds all that is exported.
    callbackThread(connection, thread);
    auto server = kj::heap<ProxyServer<Thread>>(connection, thread);
    {
        const Lock lock(thread.waiter->m_mutex);
        thread.m_exported.emplace(&connection, server.get());
    }
    call->callback_thread = server.get();
    server->m_call = call;
    return exportThread(connection, kj::mv(server));
}

void ThreadMapping::endCallbacks(PendingCall& call)
{
    ProxyServer<Thread>* const server = std::exchange(call.callback_thread, nullptr);
    if (server == nullptr) return;
    forgetThread(*server);
    if (server->m_connection) ServerRequest::refuseQueued(*server->m_connection, *server);
}

Thread::Client ThreadMapping::requestThread(Connection& connection, ThreadContext& thread)
{
    auto next = [&](ServerRequest* request) {
        while (request != nullptr && (&request->m_connection != &connection || request->disconnected())) {
            request = request->m_outer;
        }
        return request;
    };
    auto make = [&] {
        auto request = connection.m_thread_map.makeThreadRequest();
        request.setName(thread.thread_name);
        // Not waited for: calls on the thread follow it.
        return request.send().getResult();
    };
    ServerRequest* request = next(thread.m_request);
    if (request != nullptr && request->canceled()) {
        // Its caller waits for no callbacks any more, and requests nested in it have callers of their own.
        KJ_IF_MAYBE (client, request->m_callback_thread) {
            return *client;
        }
        Thread::Client client = make();
        request->m_callback_thread = client;
        return client;
    }
    const Thread::Client* known = nullptr;
    {
        const Lock lock(thread.waiter->m_mutex);
        known = Find(thread.request_threads, connection);
    }
    // The innermost one's: if its caller gives it up, its calls mustn't reach an outer one's, which goes on.
    for (; request != nullptr; request = next(request->m_outer)) {
        if (request->canceled()) continue;
        KJ_IF_MAYBE (client, request->m_callback_thread) {
            if (known) return *client;
            request->m_mapped = true;
            insert(thread.request_threads, connection, thread, *client);
            return *client;
        }
    }
    if (known) return const_cast<Thread::Client&>(*known);
    Thread::Client client = make();
    insert(thread.request_threads, connection, thread, client);
    return client;
}

void ThreadMapping::endRequest(ServerRequest& request, ThreadContext& thread)
{
    if (!request.m_mapped || request.disconnected()) return;
    request.m_mapped = false;
    Connection& connection = request.m_connection;
    ConnThreads::node_type dropped;
    const Lock lock(thread.waiter->m_mutex);
    dropped = thread.request_threads.extract(&connection);
    if (!thread.callback_threads.contains(&connection)) connection.m_thread_contexts.remove(&thread);
}

void ThreadMapping::dropEntries(ThreadContext& thread, Connection& connection)
{
    // Destroyed without the mutex: the client objects belong to the loop.
    ConnThreads::node_type request_thread;
    ConnThreads::node_type callback_thread;
    {
        const Lock lock(thread.waiter->m_mutex);
        request_thread = thread.request_threads.extract(&connection);
        callback_thread = thread.callback_threads.extract(&connection);
        const auto [begin, end] = thread.m_exported.equal_range(&connection);
        for (auto it = begin; it != end; ++it) {
            if (!MP_FAULT(KeepsEndedThreads)) it->second->m_thread = nullptr;
        }
        thread.m_exported.erase(begin, end);
    }
    if (request_thread || callback_thread) connection.m_thread_contexts.remove(&thread);
}

void ThreadMapping::dropConnection(Connection& connection)
{
    while (!connection.m_thread_contexts.empty()) dropEntries(*connection.m_thread_contexts.front(), connection);
}

void ThreadMapping::dropThread(ThreadContext& thread)
{
    if (!thread.waiter) return;
    for (;;) {
        // An entry, as long as it is there, keeps its loop; and the connection while the loop is owned.
        std::optional<EventLoopRef> loop;
        Connection* connection = nullptr;
        {
            const Lock lock(thread.waiter->m_mutex);
            for (const ConnThreads* threads : {&thread.request_threads, &thread.callback_threads}) {
                if (loop || threads->empty()) continue;
                connection = threads->begin()->first;
                loop.emplace(*threads->begin()->second->m_context.loop);
            }
        }
        if (!loop) break;
        (*loop)->call([&] {
            {
                const Lock lock(thread.waiter->m_mutex);
                if (!thread.request_threads.contains(connection) && !thread.callback_threads.contains(connection)) return;
            }
            dropEntries(thread, *connection);
        });
    }
    thread.waiter->dropTasks();
}

Thread::Client ThreadMapping::exportThread(Connection& connection, kj::Own<ProxyServer<Thread>> server)
{
    ProxyServer<Thread>& exported = *server;
    Thread::Client client = connection.m_threads.add(kj::mv(server));
    exported.m_hook = capnp::ClientHook::from(client).get();
    connection.m_local_threads[exported.m_hook] = &exported;
    return client;
}

ProxyServer<Thread>* ThreadMapping::localThread(Connection& connection, Thread::Client& client)
{
    // One that is looked for already must stay before this one.
    if (!connection.m_thread_lookups.isEmpty()) return nullptr;
    kj::Own<capnp::ClientHook> hook = capnp::ClientHook::from(client);
    for (;;) {
        const auto it = connection.m_local_threads.find(hook.get());
        if (it != connection.m_local_threads.end()) return it->second;
        KJ_IF_MAYBE (resolved, hook->getResolved()) {
            hook = resolved->addRef();
        } else {
            return nullptr;
        }
    }
}

void ThreadMapping::forgetConnection(Connection& connection)
{
    for (const auto& [hook, server] : connection.m_local_threads) server->m_connection = nullptr;
    connection.m_local_threads.clear();
}

void ThreadMapping::forgetExport(ProxyServer<Thread>& server)
{
    if (server.m_connection) server.m_connection->m_local_threads.erase(server.m_hook);
    if (server.m_call) server.m_call->callback_thread = nullptr;
    forgetThread(server);
}

void ThreadMapping::forgetThread(ProxyServer<Thread>& server)
{
    if (server.m_thread == nullptr) return;
    ThreadContext& thread = *std::exchange(server.m_thread, nullptr);
    const Lock lock(thread.waiter->m_mutex);
    std::erase_if(thread.m_exported, [&](const auto& entry) { return entry.second == &server; });
}

} // namespace mp
