#include "fault.h"
#include "reactor.h"
#include "runtime.h"

#include <kj/debug.h>
#include <map>
#include <mp/c/socket.h>
#include <mp/event-loop.h>
#include <mp/listener.h>
#include <mp/proxy-io.h>

namespace mp::detail {

Connection& Serve(EventLoop& loop, Stream stream, const Bootstrap& bootstrap, std::function<void()> on_closed)
{
    loop.m_incoming_connections.emplace_front(loop, kj::mv(stream), bootstrap);
    Connection& connection = loop.m_incoming_connections.front();
    // Told when the connection is gone, whoever ends it.
    if (on_closed) connection.addSyncCleanup(std::move(on_closed));
    connection.onDisconnect([&loop, &connection, alive = connection.alive()] {
        MP_LOG(loop, Log::Info) << "IPC server: socket disconnected.";
        if (*alive) {
            loop.m_incoming_connections.remove_if([&](Connection& other) { return &other == &connection; });
        }
        if (loop.testing_hook_disconnected) loop.testing_hook_disconnected();
    });
    MP_LOG(loop, Log::Info) << "IPC server: socket connected.";
    if (loop.testing_hook_connected) loop.testing_hook_connected();
    return connection;
}

namespace {
//! Pause after an accept that failed for want of resources.
constexpr auto RETRY = 100 * kj::MILLISECONDS;

//! Of the process at the other end, where the socket tells.
std::optional<int64_t> UserOf(kj::AsyncIoStream& stream)
{
    KJ_IF_MAYBE (fd, stream.getFd()) {
        mp_peer peer;
        if (mp_socket_peer(*fd, &peer, nullptr) == 0 && peer.uid >= 0) return peer.uid;
    }
    return std::nullopt;
}

//! Accepts connections, as many at once as allowed. Shared by the connections, which outlive the loop's tasks.
class Listener : public std::enable_shared_from_this<Listener>
{
public:
    Listener(EventLoop& loop, kj::Own<kj::ConnectionReceiver> receiver, Bootstrap bootstrap,
             const ListenOptions& options)
        : m_loop(loop), m_receiver(kj::mv(receiver)), m_bootstrap(std::move(bootstrap)), m_options(options)
    {
    }

    //! Accept no more, and close the socket.
    void stop()
    {
        m_stopped = true;
        m_accept.cancel("the listener was stopped");
        m_receiver = nullptr;
    }

    //! Accept the next connection, unless that is being done, or there are as many as allowed.
    void accept()
    {
        if (m_stopped || m_accepting || (m_options.max_connections && m_connections >= *m_options.max_connections)) return;
        m_accepting = true;
        auto self = shared_from_this();
        // An accept that fails at once throws instead.
        m_loop.m_task_set->add(m_accept.wrap(kj::evalNow([&] { return m_receiver->accept(); })).then(
            [self](Stream stream) -> kj::Promise<void> {
                self->m_accepting = false;
                // Also when this one can't be served.
                KJ_DEFER(self->accept());
                self->serve(kj::mv(stream));
                return kj::READY_NOW;
            },
            [self](kj::Exception&& error) -> kj::Promise<void> {
                if (self->m_stopped) return kj::READY_NOW;
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
    //! A connection counts while this lives.
    class Slot
    {
    public:
        Slot(std::shared_ptr<Listener> listener, std::optional<int64_t> user)
            : m_listener(std::move(listener)), m_user(user)
        {
            if (m_user) ++m_listener->m_users[*m_user];
            ++m_listener->m_connections;
        }
        ~Slot()
        {
            --m_listener->m_connections;
            if (m_user && --m_listener->m_users[*m_user] == 0) m_listener->m_users.erase(*m_user);
            // Not while the loop is being destroyed.
            if (m_listener->m_loop.m_task_set && !MP_FAULT(KeepsListenersPlace)) m_listener->accept();
        }
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;

    private:
        std::shared_ptr<Listener> m_listener;
        const std::optional<int64_t> m_user;
    };

    void serve(Stream stream)
    {
        const auto most = m_options.max_connections_per_user;
        const auto user = most ? UserOf(*stream) : std::nullopt;
        const bool too_many = user && m_users[*user] >= *most;
        auto slot = std::make_shared<Slot>(shared_from_this(), too_many ? std::nullopt : user);
        Connection& connection = Serve(m_loop, kj::mv(stream), m_bootstrap, [slot] {});
        if (m_options.limits) connection.setLimits(*m_options.limits);
        if (too_many) {
            connection.end(DisconnectReason::Limit, kj::str("too many connections of user ", *user, ": at most ", *most,
                                                            " are allowed"));
        }
    }

    EventLoop& m_loop;
    kj::Own<kj::ConnectionReceiver> m_receiver;
    const Bootstrap m_bootstrap;
    const ListenOptions m_options;
    size_t m_connections{0};
    //! Of them, how many each user has, where that is limited.
    std::map<int64_t, size_t> m_users;
    bool m_accepting{false};
    bool m_stopped{false};
    //! Last, since it refers to the receiver.
    kj::Canceler m_accept;
};
} // namespace

void Listen(EventLoop& loop, SocketId socket, Bootstrap bootstrap, const ListenOptions& options)
{
    kj::AutoCloseFd fd(socket);
    loop.call([&] {
        auto receiver = loop.m_io_context.lowLevelProvider->wrapListenSocketFd(
            fd.release(), kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        auto listener = std::make_shared<Listener>(loop, kj::mv(receiver), std::move(bootstrap), options);
        listener->accept();
        OnShutdown(loop, [listener = std::weak_ptr(listener)] {
            if (const auto open = listener.lock()) open->stop();
        });
        // Also while it doesn't accept, its socket stays open: who connects waits.
        loop.m_task_set->add(kj::Promise<void>(kj::NEVER_DONE).attach(kj::heap<std::shared_ptr<Listener>>(listener)));
    });
}

std::pair<Connection*, capnp::Capability::Client> Connect(EventLoop& loop, Stream stream,
                                                          FunctionRef<void(Connection&)> connected)
{
    auto connection = std::make_unique<Connection>(loop, kj::mv(stream));
    connected(*connection);
    ServerVatId vat_id;
    capnp::Capability::Client client = connection->m_rpc_system->bootstrap(vat_id.vat_id);
    return {connection.release(), kj::mv(client)};
}

void CloseOnDisconnect(ProxyContext& context)
{
    EventLoop& loop = *context.loop;
    Connection* const connection = context.connection;
    connection->onDisconnect([&loop, connection, alive = connection->alive()](const Disconnect& why) {
        if (why.reason == DisconnectReason::Local) {
            MP_LOG(loop, Log::Info) << "IPC client: disconnected.";
        } else {
            MP_LOG(loop, Log::Warning) << "IPC client: unexpected network disconnect.";
        }
        if (*alive) delete connection;
    });
}

} // namespace mp::detail
