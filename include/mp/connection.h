#ifndef MP_CONNECTION_H
#define MP_CONNECTION_H

#include <capnp/capability.h>
#include <capnp/rpc-twoparty.h>
#include <chrono>
#include <functional>
#include <future>
#include <mp/disconnect.h>
#include <mp/event-loop.h>
#include <mp/limits.h>
#include <mp/peer.h>
#include <mp/proxy.capnp.h>
#include <mp/proxy.h>
#include <mp/thread-context.h>
#include <optional>
#include <unordered_map>

namespace mp {

class MessageNetwork;
class ServerRequest;
struct IncomingCall;
struct InvokeContext;
class WorkerPool;
namespace detail {
class Lender;
class Lending;
class LentObjects;
} // namespace detail

kj::Promise<void> ServeOnThread(const IncomingCall& call, ::capnp::Capability::Client self, Context::Reader context);

//! A connection to another process, either side of it. Made, used and destroyed only by the owner of the loop.
class Connection
{
public:
    //! The side that connects.
    Connection(EventLoop& loop, kj::Own<kj::AsyncIoStream>&& stream);
    //! The side that serves: the peer's first object is what make_client, called once, here, returns.
    Connection(EventLoop& loop, kj::Own<kj::AsyncIoStream>&& stream,
               const std::function<::capnp::Capability::Client(Connection&)>& make_client);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    //! Close. Calls in progress fail as interrupted, methods that run here for the peer are cancelled, what was
    //! written already is sent, and the peer is told that nothing follows. Waits for nobody.
    ~Connection() noexcept(false);

    //! Run fn when the connection is destroyed; the last added first. Any thread.
    CleanupIt addSyncCleanup(std::function<void()> fn);
    void removeSyncCleanup(CleanupIt it);

    //! Run f on the loop when the connection has ended: the peer closed it, the transport failed, or it was given up;
    //! but not when it is destroyed before. f, which takes a const Disconnect& or nothing, may destroy it. Several are
    //! all run.
    template <typename F>
    void onDisconnect(F&& f)
    {
        if constexpr (std::is_invocable_v<F&, const Disconnect&>) {
            addDisconnectHandler(kj::fwd<F>(f));
        } else {
            addDisconnectHandler([f = kj::fwd<F>(f)](const Disconnect&) mutable { f(); });
        }
    }

    //! Why the connection was given up, if the peer sent something that is no message. Owning the loop.
    kj::Maybe<kj::Exception> streamError() const;

    //! What the peer says of itself: soon after the first ThreadMap was exchanged, if its library has it. Owning the loop.
    const std::optional<PeerInfo>& peerInfo() const { return m_peer_info; }

    //! What the system says of the peer. Owning the loop.
    PeerCredentials credentials() const;

    //! Keep the peer's ThreadMap, and say hello to it. Owning the loop.
    void setThreadMap(ThreadMap::Client thread_map);

    //! What the peer may make this process hold: the loop's when the connection was made, unless set here. What it
    //! holds already stays. Owning the loop.
    const Limits& limits() const;
    void setLimits(const Limits& limits);
    //! What it holds now. Owning the loop.
    Usage usage() const;

    //! End it as if the peer had closed it; whoever has calls in progress, here and there, is told why. Owning the loop.
    void end(DisconnectReason reason, kj::StringPtr why);

    //! The same without a word. What was written already is sent, and the peer has 5 seconds to take it and to close its
    //! side, before this one is closed. Owning the loop.
    void disconnect();

    //! Take no new calls over this connection, neither of the peer nor of this process, and disconnect when those that
    //! there are have been answered, or when so much time has passed. What they lead to isn't refused: calls of a method
    //! to its caller; calls of the peer that run on a thread which waits for it, and those on objects that it was lent.
    //! Calls that are refused throw DrainedError here, and its text there. Of several times the first to pass counts.
    //! Owning the loop; returns at once.
    //! @return ready when the connection has ended: whether all calls were answered
    std::shared_future<bool> drain(std::chrono::nanoseconds timeout);
    bool draining() const { return m_drain != nullptr; }

    //! False once the connection is destroyed; for those who may outlive it. Read owning the loop.
    std::shared_ptr<const bool> alive() const { return {m_state, &m_state->alive}; }
    //! The same, and what holds for the connection's clients.
    std::shared_ptr<const ConnectionState> state() const { return m_state; }

    //! How long each call over this connection may take that is in no DeadlineScope, where its client says nothing else.
    //! Unset: as long as it likes. Any thread that knows that the connection is there.
    void setCallTimeout(std::optional<std::chrono::nanoseconds> timeout) { m_state->call_timeout.set(timeout); }

    EventLoopRef m_loop;

private:
    friend class ServerRequest;
    friend class ThreadMapping;
    friend class detail::Lender;
    friend void OpenServer(ProxyContext& context, const std::type_info& type, const void* server);
    friend void CheckObjects(InvokeContext& invoke_context);
    friend class detail::Lending;
    friend void CleanupServer(ProxyContext& context, std::shared_ptr<void> impl, const std::type_info& type, void* server);
    friend struct ProxyServer<Thread>;
    friend struct ProxyServer<ThreadMap>;
    friend kj::Promise<void> ServeOnThread(const IncomingCall& call, ::capnp::Capability::Client self,
                                           Context::Reader context);

    struct Drain;
    using DisconnectHandler = kj::Function<void(const Disconnect&)>;
    void addDisconnectHandler(DisconnectHandler handler);

    //! What to do when the peer closes. Outlives the connection while it is being done.
    struct DisconnectHandlers
    {
        bool disconnected{false};
        std::list<DisconnectHandler> fns;
    };

    void init();
    void runDisconnectHandlers();
    //! The connection has ended.
    void endDrain();
    //! Ends it when it has been without calls or messages for too long.
    kj::Promise<void> watchTime();
    void addObject() { ++m_objects; }
    void removeObject() { --m_objects; }
    //! Whether there may be one object more, or that many threads.
    //! @throws LimitError
    void checkObjects();
    void checkThreads(size_t more);
    void describeSelf(Hello::Peer::Builder self) const;
    //! Take what the peer says of itself, the first time, and have it checked.
    void meet(Hello::Peer::Reader peer);

    const std::shared_ptr<ConnectionState> m_state{std::make_shared<ConnectionState>()};
    std::unique_ptr<MessageNetwork> m_network;
    std::shared_ptr<DisconnectHandlers> m_disconnect_handlers{std::make_shared<DisconnectHandlers>()};
    kj::Promise<void> m_disconnect_watch{nullptr};
    //! Until the peer has answered.
    kj::Promise<void> m_hello{nullptr};
    const std::chrono::steady_clock::time_point m_made{std::chrono::steady_clock::now()};
    kj::Promise<void> m_time_watch{nullptr};
    std::unique_ptr<Drain> m_drain;
    //! In the loop's list.
    std::list<Connection*>::iterator m_listed;
    bool m_said_hello{false};
    std::optional<PeerInfo> m_peer_info;

public:
    //! Empty once the connection is being destroyed.
    std::optional<::capnp::RpcSystem<::capnp::rpc::twoparty::VatId>> m_rpc_system;
    //! The peer's, once exchanged; a null capability until then.
    ThreadMap::Client m_thread_map;
    //! The threads that this side exports over this connection.
    ::capnp::CapabilityServerSet<Thread> m_threads;

private:
    Mutex m_cleanup_mutex;
    CleanupList m_sync_cleanup_fns MP_GUARDED_BY(m_cleanup_mutex);
    //! Requests of the peer that run, or wait to run, on threads of this side.
    std::list<ServerRequest*> m_requests;
    //! Threads that have entries for this connection in their ThreadContext.
    std::list<ThreadContext*> m_thread_contexts;
    std::unique_ptr<WorkerPool> m_pool;
    //! m_threads, by what a message's reference to one of them leads to.
    std::unordered_map<const ::capnp::ClientHook*, ProxyServer<Thread>*> m_local_threads;
    //! Threads made for the peer.
    size_t m_workers{0};
    size_t m_objects{0};
    //! Those that are made at this moment are lent.
    detail::LentObjects* m_lending{nullptr};
    //! It was logged that the peer wanted more.
    bool m_told_of_objects{false};
    bool m_told_of_threads{false};
    //! Searches in m_threads for what is not known there, such as promises.
    kj::Canceler m_thread_lookups;
};

//! The id of the side that serves, for RpcSystem::bootstrap.
struct ServerVatId
{
    ::capnp::word scratch[4]{};
    ::capnp::MallocMessageBuilder message{scratch};
    ::capnp::rpc::twoparty::VatId::Builder vat_id{message.getRoot<::capnp::rpc::twoparty::VatId>()};

    ServerVatId() { vat_id.setSide(::capnp::rpc::twoparty::Side::SERVER); }
};

} // namespace mp

#endif // MP_CONNECTION_H
