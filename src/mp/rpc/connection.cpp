#include "credentials.h"
#include "drain.h"
#include "errors.h"
#include "fault.h"
#include "message-network.h"
#include "reactor.h"
#include "runtime.h"
#include "thread-mapping.h"
#include "thread-server.h"

#include <kj/debug.h>
#include <mp/connection.h>
#include <mp/proxy-invoke.h>

namespace mp {

Connection::Connection(EventLoop& loop, kj::Own<kj::AsyncIoStream>&& stream)
    : m_loop(loop), m_network(std::make_unique<MessageNetwork>(ReactorOf(loop), kj::mv(stream),
                                                               capnp::rpc::twoparty::Side::CLIENT, loop.limits())),
      m_rpc_system(capnp::makeRpcClient(*m_network)), m_thread_map(nullptr)
{
    init();
}

Connection::Connection(EventLoop& loop, kj::Own<kj::AsyncIoStream>&& stream,
                       const std::function<capnp::Capability::Client(Connection&)>& make_client)
    : m_loop(loop), m_network(std::make_unique<MessageNetwork>(ReactorOf(loop), kj::mv(stream),
                                                               capnp::rpc::twoparty::Side::SERVER, loop.limits())),
      m_rpc_system(std::nullopt), m_thread_map(nullptr)
{
    // Not in the initializers: make_client gets a complete object.
    m_rpc_system.emplace(capnp::makeRpcServer(*m_network, make_client(*this)));
    init();
}

void Connection::init()
{
    m_listed = m_loop->m_connections.insert(m_loop->m_connections.end(), this);
    m_disconnect_watch = m_network->onDisconnect()
                             .then([this] {
                                 m_disconnect_handlers->disconnected = true;
                                 m_time_watch = nullptr;
                                 endDrain();
                                 runDisconnectHandlers();
                                 const Disconnect& why = m_network->disconnect();
                                 if (streamError() != nullptr || why.reason == DisconnectReason::Limit) {
                                     MP_LOG(*m_loop, Log::Warning) << "IPC connection failed: " << why.text;
                                 }
                             })
                             .eagerlyEvaluate([this](kj::Exception&& error) { LogUncaughtTask(*m_loop, error); });
    setLimits(m_loop->limits());
    if (m_loop->m_shutdown) {
        drain(std::chrono::nanoseconds::max());
        end(DisconnectReason::Local, "the process is shutting down");
    }
}

kj::Maybe<kj::Exception> Connection::streamError() const
{
    KJ_IF_MAYBE (error, m_network->inputError()) {
        if (error->getType() != kj::Exception::Type::DISCONNECTED) return kj::cp(*error);
    }
    return nullptr;
}

PeerCredentials Connection::credentials() const { return CredentialsOf(m_network->stream()); }

Connection::~Connection() noexcept(false)
{
    m_state->alive = false;
    m_disconnect_watch = nullptr;
    m_hello = nullptr;
    m_time_watch = nullptr;
    endDrain();
    m_loop->m_connections.erase(m_listed);
    for (ServerRequest* request : m_requests) {
        if (!MP_FAULT(CancelsNoRequests)) request->cancel();
    }
    m_requests.clear();
    m_thread_lookups.cancel(KJ_EXCEPTION(DISCONNECTED, "the connection is closed"));
    m_pool.reset();
    ThreadMapping::forgetConnection(*this);

    m_rpc_system.reset();

    // Without the end of the stream the peer would not see the releases that were just sent before it.
    const bool sent_all = m_network->close();
    KJ_IF_MAYBE (error, m_network->closeError()) {
        // Not thrown: containers of connections don't stand it.
        MP_LOG(*m_loop, Log::Error) << "IPC connection was not shut down: " << kj::str(*error).cStr();
    }
    if (!sent_all && m_loop->m_task_set) {
        kj::Promise<void> sent = m_network->finish();
        m_loop->m_task_set->add(
            sent.attach(kj::heap<std::unique_ptr<MessageNetwork>>(std::move(m_network)), kj::heap<EventLoopRef>(*m_loop)));
    }

    for (;;) {
        std::function<void()> fn;
        {
            const Lock lock(m_cleanup_mutex);
            if (m_sync_cleanup_fns.empty()) break;
            fn = std::move(m_sync_cleanup_fns.front());
            m_sync_cleanup_fns.pop_front();
        }
        try {
            fn();
        } catch (...) {
            // What follows must be done all the same.
            MP_LOG(*m_loop, Log::Error) << "Uncaught exception in cleanup: " << CurrentExceptionText();
        }
    }
    if (!MP_FAULT(KeepsEntriesOfConnections)) ThreadMapping::dropConnection(*this);
}

CleanupIt Connection::addSyncCleanup(std::function<void()> fn)
{
    const Lock lock(m_cleanup_mutex);
    return m_sync_cleanup_fns.emplace(m_sync_cleanup_fns.begin(), std::move(fn));
}

void Connection::removeSyncCleanup(CleanupIt it)
{
    const Lock lock(m_cleanup_mutex);
    m_sync_cleanup_fns.erase(it);
}

void Connection::addDisconnectHandler(DisconnectHandler handler)
{
    m_disconnect_handlers->fns.push_back(kj::mv(handler));
    if (m_disconnect_handlers->disconnected) runDisconnectHandlers();
}

void Connection::runDisconnectHandlers()
{
    EventLoop& loop = *m_loop;
    if (!loop.m_task_set) return;
    // Later, on no stack of the connection's: a handler may destroy it. The handlers after that one still run; but none
    // does when the connection was destroyed before the first.
    loop.m_task_set->add(kj::evalLater([&loop, handlers = m_disconnect_handlers, alive = alive(), why = m_network->disconnect()] {
        if (!*alive && !MP_FAULT(TellsOfClosedConnections)) return;
        while (!handlers->fns.empty()) {
            DisconnectHandler fn = kj::mv(handlers->fns.front());
            handlers->fns.pop_front();
            KJ_IF_MAYBE (error, kj::runCatchingExceptions([&] { fn(why); })) {
                LogUncaughtTask(loop, *error);
            }
        }
    }));
}

} // namespace mp
