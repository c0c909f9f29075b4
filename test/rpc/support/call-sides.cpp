#include <rpc/support/call-sides.h>

#include <rpc/support/errors.h>

namespace mp::test {

Caller::~Caller()
{
    m_account.reset();
    m_client.reset();
    m_loop.sync([&] { m_bootstrap.reset(); });
    disconnect();
}

void Caller::disconnect()
{
    m_loop.sync([&] { m_connection.reset(); });
}

std::shared_future<bool> Caller::drain(std::chrono::nanoseconds timeout)
{
    std::shared_future<bool> ended;
    m_loop.sync([&] { ended = m_connection->drain(timeout); });
    return ended;
}

template <typename Fn>
std::string Caller::callBounded(Fn fn)
{
    std::optional<CancelScope> cancel_scope;
    if (token) cancel_scope.emplace(*token);
    std::optional<DeadlineScope> deadline_scope;
    if (deadline) deadline_scope.emplace(*deadline);
    return ErrorOf(fn);
}

void Caller::prepare(SocketId socket)
{
    m_loop.sync([&] {
        m_connection = std::make_unique<Connection>(m_loop, MakeStream(m_loop, socket));
        ServerVatId server;
        m_bootstrap.emplace(m_connection->m_rpc_system->bootstrap(server.vat_id).castAs<messages::Service>());
    });
    if (m_kind != Kind::Construct && m_kind != Kind::Accept) {
        construct();
        if (m_kind == Kind::Destroy) m_account = m_client->makeAccount();
        if (m_kind == Kind::PoolMethod) {
            std::promise<void> made;
            m_loop.sync([&] {
                auto request = m_connection->m_thread_map.makePoolRequest();
                request.setCount(2);
                m_loop.m_task_set->add(request.send().then([&](auto&&) { made.set_value(); }));
            });
            made.get_future().wait();
        }
        // Arms the server's side.
        m_client->narrow(1);
    }
    m_watch.arm();
}

void Caller::construct()
{
    std::optional<messages::Service::Client> bootstrap;
    Connection* connection = nullptr;
    m_loop.sync([&] {
        if (m_bootstrap) bootstrap.emplace(kj::mv(*m_bootstrap));
        m_bootstrap.reset();
        connection = m_connection.get();
    });
    m_client = std::make_unique<ServiceClient>(kj::mv(*bootstrap), connection, /* destroy_connection= */ false);
}

std::string Caller::call()
{
    switch (m_kind) {
    case Kind::LoopMethod: return callBounded([&] { m_client->runOnLoop("x"); });
    case Kind::WorkerMethod: return callBounded([&] { m_client->run("x"); });
    case Kind::NestedCallback: {
        FnCallback callback([&](int32_t arg) {
            m_watch.at(Step::InCallback);
            return arg;
        });
        return callBounded([&] { m_client->lend(callback, 1); });
    }
    case Kind::PoolMethod: return callFromPool();
    case Kind::Construct:
    case Kind::Accept: return callBounded([&] { construct(); });
    case Kind::Destroy: return destroy();
    }
    return "no such kind";
}

std::string Caller::callFromPool()
{
    std::promise<std::string> result;
    m_loop.sync([&] {
        if (!m_client->m_context.connection) return result.set_value(AFTER);
        auto request = m_client->m_client.runRequest();
        request.setWhat("x");
        m_loop.m_task_set->add(request.send().then(
            [&](auto&&) { result.set_value("no exception"); },
            [&](kj::Exception&& error) {
                const bool disconnected = error.getType() == kj::Exception::Type::DISCONNECTED;
                result.set_value(disconnected ? INTERRUPTED : std::string(error.getDescription().cStr()));
            }));
    });
    return result.get_future().get();
}

std::string Caller::destroy()
{
    // On a thread that has no worker yet.
    std::thread([&] { callBounded([&] { m_account.reset(); }); }).join();
    return "no exception";
}

Callee::Callee(Kind kind, StepWatch& watch, EventLoop& loop) : m_kind(kind), m_loop(loop)
{
    m_loop.sync([&] { watch.watch(m_loop, m_impl); });
    // These have no call before the one that is watched.
    if (kind == Kind::Construct || kind == Kind::Accept) watch.arm();
}

Callee::~Callee()
{
    disconnect();
    m_loop.waitForMethods();
}

void Callee::serve(SocketId socket)
{
    if (m_kind == Kind::Accept) {
        ListenConnections<messages::Service>(m_loop, socket, m_impl);
    } else {
        m_loop.sync([&] { ServeStream<messages::Service>(m_loop, MakeStream(m_loop, socket), m_impl); });
    }
}

void Callee::disconnect()
{
    m_loop.sync([&] { m_loop.m_incoming_connections.clear(); });
}

std::vector<std::shared_future<bool>> Callee::drain(std::chrono::nanoseconds timeout)
{
    std::vector<std::shared_future<bool>> ended;
    m_loop.sync([&] {
        for (Connection& connection : m_loop.m_incoming_connections) ended.push_back(connection.drain(timeout));
    });
    return ended;
}

bool IsFailureOfDisconnect(Kind kind, const std::string& error)
{
    if (SucceededOrDisconnected(error)) return true;
    // The method may see the end of its callback first, and answer so.
    return kind == Kind::NestedCallback &&
           (error.find(INTERRUPTED) != std::string::npos || error.find(AFTER) != std::string::npos);
}

} // namespace mp::test
