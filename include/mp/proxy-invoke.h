#ifndef MP_PROXY_INVOKE_H
#define MP_PROXY_INVOKE_H

// What generated code calls; nothing here is for applications.

#include <atomic>
#include <capnp/any.h>
#include <capnp/schema.h>
#include <mp/call-scope.h>
#include <mp/cancel.h>
#include <mp/connection.h>
#include <mp/function-ref.h>
#include <mp/lent-objects.h>
#include <vector>

namespace mp {

class BackPressure;
class LoopPool;
class OutgoingMessage;
class PendingCall;
class RunningCall;
class ServerRequest;
class WorkerThread;
namespace detail {
class Lender;
} // namespace detail

//! Where a value is converted: the connection that it goes over.
struct InvokeContext
{
    Connection& connection;
    //! The request that a server's conversions belong to.
    ServerRequest* request{nullptr};
    //! How the message that is being built gets at large values without a copy.
    detail::Lender* lender{nullptr};
    //! Objects that the caller lends.
    detail::LentObjects* lent{nullptr};
};

struct ClientInvokeContext : InvokeContext
{
    ThreadContext& thread_context;
    //! When the caller gives up.
    std::optional<CallScope::Clock::time_point> deadline;
    //! Where that, or something else, may end the call before its answer comes.
    std::shared_ptr<PendingCall> pending;
    ClientInvokeContext(Connection& conn, ThreadContext& thread_context)
        : InvokeContext{conn}, thread_context(thread_context)
    {
    }
};

//! What the runtime has to know of a method.
struct MethodInfo
{
    //! "FooInterface.add"
    const char* name;
    uint64_t interface_id;
    uint16_t method_id;
    //! For dumps in the log.
    ::capnp::StructSchema (*params_schema)();
    ::capnp::StructSchema (*results_schema)();
};

//! Call a method of a remote object and wait for the answer; this thread runs callbacks meanwhile.
//! build fills the request and read takes the results; both run owning the loop, possibly on another thread. What they
//! throw is thrown here; other failures are reported through the log function (Log::Raise).
//! @throws std::logic_error on the loop thread
void InvokeClient(ProxyContext& context, ::capnp::Capability::Client& client, const MethodInfo& method,
                  FunctionRef<void(ClientInvokeContext&, ::capnp::AnyPointer::Builder)> build,
                  FunctionRef<void(ClientInvokeContext&, ::capnp::AnyPointer::Reader)> read);

//! Fill a request's Context: the calling thread, and the peer's thread that runs its calls. Owning the loop.
void BuildContext(ClientInvokeContext& invoke_context, Context::Builder context);

//! Export a ThreadMap over the connection. Owning the loop.
ThreadMap::Client MakeThreadMap(InvokeContext& invoke_context);

//! Throws on a worker whose request was cancelled: the connection may be gone. Owning the loop, before each use of the
//! connection that may come after a call, since hooks may catch what a failed call throws.
void CheckNotCanceled(InvokeContext& invoke_context);

//! Throws where the connection has as many objects as it may. Owning the loop.
void CheckObjects(InvokeContext& invoke_context);

//! Have a cleanup thread release an object, whose destructor may block or make calls. Owning the loop.
void ReleaseLater(InvokeContext& invoke_context, std::shared_ptr<void> impl);

//! Run fn owning the loop, from a reader or a builder: around whatever touches a capability (getters of interface
//! fields, making, copying and dropping clients). On the loop thread it is a plain call.
//! On a worker whose request was cancelled it throws instead, since the connection is gone.
void WithLoop(InvokeContext& invoke_context, FunctionRef<void()> fn);

//! The same where fn may call remote objects: the loop is given up during their calls, and if the request is cancelled
//! meanwhile, the calls throw. Not on a thread that has a KJ loop of its own, since it can't own another one: there and on
//! the loop thread such calls are refused.
void HoldLoop(InvokeContext& invoke_context, FunctionRef<void()> fn);

//! A call of a server's method, as Cap'n Proto hands it over.
struct IncomingCall
{
    //! Read params, call the method, build results.
    void (*run)(const IncomingCall& call, Connection& connection, ServerRequest& request);
    const MethodInfo& method;
    //! The server's. Lives as long as the request.
    ProxyContext& context;
    //! The ProxyServer, as run knows it.
    void* server;
    //! Keeps parameters and results.
    ::capnp::CallContextHook& hook;
};

//! One request of a peer.
class ServerRequest
{
public:
    //! @throws kj::Exception DISCONNECTED when the object's connection is closed, std::runtime_error when the object was
    //! destroyed. Owning the loop.
    explicit ServerRequest(const IncomingCall& call);
    ServerRequest(const ServerRequest&) = delete;
    ServerRequest& operator=(const ServerRequest&) = delete;
    ~ServerRequest();

    //! Number in log messages.
    int number() const { return m_number; }

    //! If this thread owns a loop only on behalf of its request, give it up for a call. Returns the request if it is to
    //! have the loop back after that.
    [[nodiscard]] static ServerRequest* giveUpLoop();
    //! Throws where the request was cancelled meanwhile.
    void takeLoopBack();

    static RunningCall current();
    //! The innermost request of that peer that the thread runs, if its caller still waits. Owning the loop.
    static ServerRequest* ofPeer(Connection& connection, ThreadContext& thread);

    //! Refuse what waits for its turn on a thread, or, on whichever, to call one of the objects: the call that it belongs
    //! to was given up. Owning the loop.
    static void refuseQueued(Connection& connection, ProxyServer<Thread>& thread);
    static void refuseQueued(Connection& connection, const detail::LentObjects& objects);

    //! Whether this thread is inside a method of the loop.
    static bool isRunning(EventLoop& loop);

    //! Whether what this thread runs is a request of the server object.
    static bool isRunning(const ProxyContext& server);

private:
    class NoRequest;
    class Promised;
    friend class LoopPool;
    friend kj::Promise<void> ServeOnLoop(const IncomingCall& call);
    friend kj::Promise<void> ServeOnThread(const IncomingCall& call, ::capnp::Capability::Client self,
                                           Context::Reader context);
    friend void CheckNotCanceled(InvokeContext&);
    friend void WithLoop(InvokeContext&, FunctionRef<void()>);
    friend void HoldLoop(InvokeContext&, FunctionRef<void()>);
    friend class Connection;
    friend class ThreadMapping;
    //! Cancelled with the request. Any thread.
    CancelToken token();
    void run() { m_call.run(m_call, m_connection, *this); }
    void link();
    void unlink();
    //! Whether the connection takes new calls, or the call isn't new.
    //! @param thread  that runs it, if it is known
    //! @throws DrainedError
    void checkOpen(const ProxyServer<Thread>* thread);
    //! Whether it waits for the answer to a call, which may be why the peer calls it.
    bool waitsForPeer(const ProxyServer<Thread>& thread) const;
    void logReceived();
    void logAnswered();
    //! Log what the peer gets instead of an answer.
    kj::Exception logFailed(kj::Exception error);
    void logNotExecuted();
    //! Cancelled while its thread was looked up.
    kj::Exception refuseCanceled();
    void keep(::capnp::Capability::Client self);
    //! Let the thread run the request when it has run those before.
    kj::Promise<void> dispatch(kj::Own<ServerRequest> self, ProxyServer<Thread>& thread);
    //! The same with any thread of the pool.
    kj::Promise<void> dispatch(kj::Own<ServerRequest> self, LoopPool& pool);
    //! A thread is going to run it.
    kj::Promise<void> accept(kj::Own<Promised> promised);
    void enqueue(kj::Own<ServerRequest> self, ThreadContext& thread);
    //! Its turn has come. Until it ends it has the pool's thread.
    void runInPool(kj::Own<ServerRequest> self, WorkerThread& thread);
    //! Take it from where it waits for its turn.
    //! @return its owner; nothing if it doesn't wait any more
    std::list<Waiter::Task> takeBack();
    void execute();
    //! The connection is going away, or the caller has dropped the call. Owning the loop.
    void cancel();
    //! Answer that its call was given up, if it hasn't had its turn.
    void refuse();
    void withLoop(FunctionRef<void()> fn);
    void holdLoop(FunctionRef<void()> fn);
    void letGo();
    void checkNotCanceled();
    bool canceled() const { return m_state.load(std::memory_order_relaxed) == State::Canceled; }
    //! The connection is gone. Owning the loop.
    bool disconnected() const;
    //! Answer, unless cancelled. Owning the loop.
    void finish(kj::Maybe<kj::Exception> error);

    enum class State { Waiting, Executing, Canceled };

    const IncomingCall m_call;
    EventLoopRef m_loop;
    //! May be gone once cancelled: touched only owning the loop, after a look at m_state.
    Connection& m_connection;
    const int m_number;
    //! Becomes Canceled only while the loop is owned.
    std::atomic<State> m_state{State::Waiting};
    bool m_executed{false};
    //! This thread owns the loop on behalf of the request.
    bool m_holds_loop{false};
    kj::Own<kj::PromiseFulfiller<void>> m_fulfiller;
    //! The other end of that, while there is one.
    Promised* m_promised{nullptr};
    //! What the method can't do without, also if its caller drops the call: from keep() to finish().
    std::optional<::capnp::Capability::Client> m_self;
    kj::Own<::capnp::CallContextHook> m_hook;
    //! While a thread is to run it, or does. See EventLoop::waitForMethods().
    std::shared_ptr<const void> m_in_flight;
    std::optional<std::list<ServerRequest*>::iterator> m_link;
    //! Its connection's, which may go first.
    std::shared_ptr<const BackPressure> m_back_pressure;
    //! Where the request waits for its turn: with a thread, or before that in the pool.
    Waiter* m_waiter{nullptr};
    uint64_t m_ticket{0};
    LoopPool* m_pool{nullptr};
    //! The pool's, until the request has ended.
    WorkerThread* m_pool_thread{nullptr};
    kj::Maybe<Thread::Client> m_callback_thread;
    //! The callback thread stands in the executing thread's request_threads.
    bool m_mapped{false};
    ServerRequest* m_outer{nullptr};
    //! Made when somebody asks for it.
    Mutex m_token_mutex;
    std::optional<CancelToken> m_token MP_GUARDED_BY(m_token_mutex);
    //! The call in a scope that this one belongs to, if it is its callback.
    std::shared_ptr<const PendingCall> m_callback_of;
    //! By which it has to have ended, too, as its caller says.
    std::optional<CallScope::Clock::time_point> m_deadline;

public:
    //! The calls to the caller that the method, or what that has led to on its thread, waits for. Owning the loop.
    std::vector<std::shared_ptr<PendingCall>> m_nested;
};

kj::Promise<void> ServeOnLoop(const IncomingCall& call);
//! @param self  keeps the server
kj::Promise<void> ServeOnThread(const IncomingCall& call, ::capnp::Capability::Client self, Context::Reader context);

//! What the conversions and hooks of a server's method get.
template <typename ProxyServer, typename CallContext_>
struct ServerInvokeContext : InvokeContext
{
    using CallContext = CallContext_;

    ProxyServer& proxy_server;
    CallContext& call_context;
    //! Number in log messages.
    int req;

    ServerInvokeContext(Connection& connection, ProxyServer& proxy_server, CallContext& call_context,
                        ServerRequest& request)
        : InvokeContext{connection, &request}, proxy_server(proxy_server), call_context(call_context),
          req(request.number())
    {
    }

    //! Run fn, which touches results, owning the loop.
    template <typename Fn>
    void buildResults(Fn&& fn)
    {
        HoldLoop(*this, fn);
    }
};

//! What keeps parameters and results of a call. Older Cap'n Protos have no function for it, but it is all that is in there.
template <typename CallContext, typename Hook = ::capnp::CallContextHook>
Hook& CallHook(CallContext& call_context)
{
    if constexpr (requires { Hook::from(call_context); }) {
        return Hook::from(call_context);
    } else {
        static_assert(std::is_standard_layout_v<CallContext> && sizeof(CallContext) == sizeof(Hook*));
        return **reinterpret_cast<Hook**>(&call_context);
    }
}

template <typename Interface, typename Params, typename Results>
using ServerContext = ServerInvokeContext<ProxyServer<Interface>, ::capnp::CallContext<Params, Results>>;

template <auto run_fn, typename Server, typename CallContext>
void RunTyped(const IncomingCall& call, Connection& connection, ServerRequest& request)
{
    CallContext call_context(call.hook);
    ServerInvokeContext<Server, CallContext> server_context{connection, *static_cast<Server*>(call.server), call_context,
                                                            request};
    run_fn(server_context);
}

//! The Context of methods that have none, and run in the pool.
struct PoolContext
{
    template <typename Params>
    static Context::Reader get(const Params&)
    {
        return {};
    }
};

//! Throw what a call on a destroyed server object answers.
[[noreturn]] void ThrowServerDestroyed(const MethodInfo& method);

//! Body of a generated server method. run_fn is void(ServerInvokeContext<Server, CallContext>&): it reads the params,
//! calls the C++ method, builds the results. Without ContextAccessor (void) it runs at once, on the loop; with one,
//! which gets the Context from the params, on the thread that the Context names.
template <auto run_fn, typename ContextAccessor, typename Server, typename CallContext>
kj::Promise<void> ServeRequest(Server& server, CallContext& call_context, const MethodInfo& method)
{
    const IncomingCall call{RunTyped<run_fn, Server, CallContext>, method, server.m_context, &server,
                            CallHook(call_context)};
    if constexpr (std::is_void_v<ContextAccessor>) {
        return ServeOnLoop(call);
    } else {
        return ServeOnThread(call, server.thisCap(), ContextAccessor::get(call_context.getParams()));
    }
}

} // namespace mp

#endif // MP_PROXY_INVOKE_H
