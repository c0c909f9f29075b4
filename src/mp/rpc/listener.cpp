#include "reactor.h"
#include "runtime.h"

#include <mp/event-loop.h>
#include <mp/listener.h>
#include <mp/proxy-io.h>

namespace mp::detail {

void Serve(EventLoop& loop, Stream stream, const Bootstrap& bootstrap, std::function<void()> on_closed)
{
    loop.m_incoming_connections.emplace_front(loop, kj::mv(stream), bootstrap);
    Connection& connection = loop.m_incoming_connections.front();
    MP_LOG(loop, Log::Info) << "IPC server: socket connected.";
    if (loop.testing_hook_connected) loop.testing_hook_connected();
    // Told when the connection is gone, whoever ends it.
    if (on_closed) connection.addSyncCleanup(std::move(on_closed));
    connection.onDisconnect([&loop, &connection] {
        MP_LOG(loop, Log::Info) << "IPC server: socket disconnected.";
        loop.m_incoming_connections.remove_if([&](Connection& other) { return &other == &connection; });
        if (loop.testing_hook_disconnected) loop.testing_hook_disconnected();
    });
}

namespace {
//! Pause after an accept that failed for want of resources.
constexpr auto RETRY = 100 * kj::MILLISECONDS;

//! Accepts connections, as many at once as allowed. Shared by the connections, which outlive the loop's tasks.
class Listener : public std::enable_shared_from_this<Listener>
{
public:
    Listener(EventLoop& loop, kj::Own<kj::ConnectionReceiver> receiver, Bootstrap bootstrap,
             std::optional<size_t> max_connections)
        : m_loop(loop), m_receiver(kj::mv(receiver)), m_bootstrap(std::move(bootstrap)),
          m_max_connections(max_connections)
    {
    }

    //! Accept the next connection, unless that is being done, or there are as many as allowed.
    void accept()
    {
        if (m_accepting || (m_max_connections && m_connections >= *m_max_connections)) return;
        m_accepting = true;
        auto self = shared_from_this();
        // An accept that fails at once throws instead.
        m_loop.m_task_set->add(kj::evalNow([&] { return m_receiver->accept(); }).then(
            [self](Stream stream) -> kj::Promise<void> {
                self->m_accepting = false;
                self->serve(kj::mv(stream));
                self->accept();
                return kj::READY_NOW;
            },
            [self](kj::Exception&& error) -> kj::Promise<void> {
                // Out of descriptors or memory: that passes. Anything else ends the listener.
                if (error.getType() != kj::Exception::Type::OVERLOADED) return kj::mv(error);
                MP_LOG(self->m_loop, Log::Warning) << "IPC server: accept failed, trying again: "
                                                   << error.getDescription().cStr();
                return self->m_loop.m_io_context.lowLevelProvider->getTimer().afterDelay(RETRY).then([self] {
                    self->m_accepting = false;
                    self->accept();
                });
            }));
    }

private:
    void serve(Stream stream)
    {
        ++m_connections;
        Serve(m_loop, kj::mv(stream), m_bootstrap, [self = shared_from_this()] {
            --self->m_connections;
            // Not while the loop is being destroyed.
            if (self->m_loop.m_task_set) self->accept();
        });
    }

    EventLoop& m_loop;
    kj::Own<kj::ConnectionReceiver> m_receiver;
    const Bootstrap m_bootstrap;
    const std::optional<size_t> m_max_connections;
    size_t m_connections{0};
    bool m_accepting{false};
};
} // namespace

void Listen(EventLoop& loop, SocketId socket, Bootstrap bootstrap, std::optional<size_t> max_connections)
{
    kj::AutoCloseFd fd(socket);
    loop.call([&] {
        auto receiver = loop.m_io_context.lowLevelProvider->wrapListenSocketFd(
            fd.release(), kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        std::make_shared<Listener>(loop, kj::mv(receiver), std::move(bootstrap), max_connections)->accept();
    });
}

std::pair<Connection*, capnp::Capability::Client> Connect(EventLoop& loop, Stream stream)
{
    auto connection = std::make_unique<Connection>(loop, kj::mv(stream));
    ServerVatId vat_id;
    capnp::Capability::Client client = connection->m_rpc_system->bootstrap(vat_id.vat_id);
    return {connection.release(), kj::mv(client)};
}

void CloseOnDisconnect(ProxyContext& context)
{
    EventLoop& loop = *context.loop;
    Connection* const connection = context.connection;
    connection->onDisconnect([&loop, connection] {
        MP_LOG(loop, Log::Warning) << "IPC client: unexpected network disconnect.";
        delete connection;
    });
}

} // namespace mp::detail
