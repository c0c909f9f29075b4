#include "credentials.h"
#include "errors.h"
#include "fault.h"
#include "reactor.h"
#include "runtime.h"

#include <kj/debug.h>
#include <map>
#include <mp/c/address.h>
#include <mp/event-loop.h>
#include <mp/listener.h>
#include <mp/proxy-io.h>
#include <optional>
#include <utility>

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

struct CloseListener
{
    void operator()(mp_listener* listener) const { mp_listener_close(listener); }
};
using OwnedListener = std::unique_ptr<mp_listener, CloseListener>;
} // namespace

//! Accepts connections, as many at once as allowed. Shared by the connections, which outlive the loop's tasks.
class Acceptor : public std::enable_shared_from_this<Acceptor>
{
public:
    //! @param listener  what the receiver accepts from, if it is more than a socket
    Acceptor(EventLoop& loop, kj::Own<kj::ConnectionReceiver> receiver, OwnedListener listener, Bootstrap bootstrap,
             const ListenOptions& options)
        : m_loop(loop), m_listener(std::move(listener)), m_receiver(kj::mv(receiver)),
          m_bootstrap(std::move(bootstrap)), m_options(options)
    {
    }

    //! Accept the next connection, unless that is being done, or there are as many as allowed.
    void accept()
    {
        if (m_accepting || !m_receiver) return;
        if (m_options.max_connections && m_connections >= *m_options.max_connections) return;
        m_accepting = true;
        auto self = shared_from_this();
        // An accept that fails at once throws instead.
        auto accepted = kj::evalNow([&] { return m_receiver->accept(); });
        m_loop.m_task_set->add(m_canceler.wrap(kj::mv(accepted)).then(
            [self](Stream stream) -> kj::Promise<void> {
                self->m_accepting = false;
                // Also when this one can't be served.
                KJ_DEFER(self->accept());
                self->serve(kj::mv(stream));
                return kj::READY_NOW;
            },
            [self](kj::Exception&& error) -> kj::Promise<void> {
                if (!self->m_receiver) return kj::READY_NOW;
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

    void start()
    {
        m_hook = AddShutdownHook(m_loop, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->stop();
        });
        accept();
    }

    //! Accept no more, and close the socket.
    void stop()
    {
        if (!m_hook) return;
        RemoveShutdownHook(m_loop, *std::exchange(m_hook, std::nullopt));
        m_canceler.cancel("stopped listening");
        m_receiver = nullptr;
        m_listener.reset();
    }

private:
    //! A connection counts while this lives.
    class Slot
    {
    public:
        Slot(std::shared_ptr<Acceptor> acceptor, std::optional<int64_t> user)
            : m_acceptor(std::move(acceptor)), m_user(user)
        {
            if (m_user) ++m_acceptor->m_users[*m_user];
            ++m_acceptor->m_connections;
        }
        ~Slot()
        {
            --m_acceptor->m_connections;
            if (m_user && --m_acceptor->m_users[*m_user] == 0) m_acceptor->m_users.erase(*m_user);
            // Not while the loop is being destroyed.
            if (m_acceptor->m_loop.m_task_set && !MP_FAULT(KeepsListenersPlace)) m_acceptor->accept();
        }
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;

    private:
        std::shared_ptr<Acceptor> m_acceptor;
        const std::optional<int64_t> m_user;
    };

    //! Why a peer isn't served, if it isn't.
    //! @param user  if their number is limited
    std::optional<Disconnect> refusal(const PeerCredentials& peer, std::optional<int64_t> user) const
    {
        try {
            if (m_options.authorise) m_options.authorise(peer);
        } catch (...) {
            return Disconnect{DisconnectReason::Local, CurrentExceptionText()};
        }
        const auto found = user ? m_users.find(*user) : m_users.end();
        const size_t most = m_options.max_connections_per_user.value_or(0);
        if (!user || (found == m_users.end() ? 0 : found->second) < most) return std::nullopt;
        return Disconnect{DisconnectReason::Limit, "too many connections of user " + std::to_string(*user) +
                                                       ": at most " + std::to_string(most) + " are allowed"};
    }

    void serve(Stream stream)
    {
        const PeerCredentials peer = CredentialsOf(*stream);
        const auto user = m_options.max_connections_per_user ? peer.uid : std::nullopt;
        const auto refused = refusal(peer, user);
        auto slot = std::make_shared<Slot>(shared_from_this(), refused ? std::nullopt : user);
        Connection& connection = Serve(m_loop, kj::mv(stream), m_bootstrap, [slot] {});
        if (m_options.limits) connection.setLimits(*m_options.limits);
        if (refused) connection.end(refused->reason, refused->text.c_str());
    }

    EventLoop& m_loop;
    OwnedListener m_listener;
    //! Null when it has been stopped.
    kj::Own<kj::ConnectionReceiver> m_receiver;
    kj::Canceler m_canceler;
    const Bootstrap m_bootstrap;
    const ListenOptions m_options;
    size_t m_connections{0};
    //! Of them, how many each user has, where that is limited.
    std::map<int64_t, size_t> m_users;
    bool m_accepting{false};
    //! While it listens.
    std::optional<ShutdownHook> m_hook;
};

void Listen(EventLoop& loop, SocketId socket, Bootstrap bootstrap, const ListenOptions& options)
{
    kj::AutoCloseFd fd(socket);
    loop.call([&] {
        auto receiver = loop.m_io_context.lowLevelProvider->wrapListenSocketFd(
            fd.release(), kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        auto acceptor = std::make_shared<Acceptor>(loop, kj::mv(receiver), nullptr, std::move(bootstrap), options);
        acceptor->start();
        // Also while it doesn't accept, its socket stays open: who connects waits.
        loop.m_task_set->add(kj::Promise<void>(kj::NEVER_DONE).attach(kj::heap<std::shared_ptr<Acceptor>>(acceptor)));
    });
}

std::unique_ptr<Listener> Listen(EventLoop& loop, const std::string& address, Bootstrap bootstrap,
                                 const ListenOptions& options)
{
    mp_listen_options listen_options = MP_LISTEN_OPTIONS_INIT;
    listen_options.backlog = options.backlog;
    listen_options.mode = options.mode;
    mp_listener* made = nullptr;
    mp_error error;
    if (mp_listener_new(address.c_str(), &listen_options, &made, &error) < 0) ThrowSystemError(error);
    OwnedListener owned(made);
    std::unique_ptr<Listener> listener;
    loop.call([&] {
        const int socket = mp_listener_socket(made);
        // Has a duplicate: the listener's own is closed when its file is removed.
        auto receiver = loop.m_io_context.lowLevelProvider->wrapListenSocketFd(socket);
        auto acceptor =
            std::make_shared<Acceptor>(loop, kj::mv(receiver), std::move(owned), std::move(bootstrap), options);
        listener = std::make_unique<Listener>(loop, mp_listener_address(made), acceptor);
        acceptor->start();
    });
    return listener;
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

namespace mp {

Listener::Listener(EventLoop& loop, std::string address, std::shared_ptr<detail::Acceptor> acceptor)
    : m_loop(loop), m_address(std::move(address)), m_acceptor(std::move(acceptor))
{
}

Listener::~Listener()
{
    m_loop->call([&] { m_acceptor->stop(); });
}

} // namespace mp
