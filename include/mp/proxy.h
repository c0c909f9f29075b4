#ifndef MP_PROXY_H
#define MP_PROXY_H

#include <capnp/capability.h>
#include <list>
#include <memory>
#include <mp/call-timeout.h>
#include <mp/util.h>
#include <typeinfo>

namespace mp {

class Connection;
class EventLoop;
struct ThreadContext;
namespace detail {
class LentObjects;
} // namespace detail

//! Client of a remote object: implements the wrapped class, and forwards its methods. Specialized by generated code.
template <typename Interface>
struct ProxyClient;

//! Exported object: forwards calls from other processes to a local object. Specialized by generated code.
template <typename Interface>
struct ProxyServer;

//! The C++ method behind a schema's method, as member "impl". Specialized by generated code.
template <typename Params>
struct ProxyMethod;

//! The fields of a schema's struct. Specialized by generated code.
template <typename Struct>
struct ProxyStruct;

//! The schema type behind a C++ class. Specialized by generated code or by hand.
template <typename Type>
struct ProxyType;

using CleanupList = std::list<std::function<void()>>;
using CleanupIt = typename CleanupList::iterator;

//! Run the functions front to back, each removed before it runs; also the ones added meanwhile.
inline void CleanupRun(CleanupList& fns)
{
    while (!fns.empty()) {
        std::function<void()> fn = std::move(fns.front());
        fns.pop_front();
        fn();
    }
}

//! Keeps EventLoop::loop() from returning. Made and released on any thread.
class EventLoopRef
{
public:
    explicit EventLoopRef(EventLoop& loop, Lock* lock = nullptr);
    EventLoopRef(EventLoopRef&& other) noexcept : m_loop(other.m_loop) { other.m_loop = nullptr; }
    EventLoopRef(const EventLoopRef&) = delete;
    EventLoopRef& operator=(const EventLoopRef&) = delete;
    EventLoopRef& operator=(EventLoopRef&&) = delete;
    ~EventLoopRef() { reset(); }

    EventLoop& operator*() const
    {
        assert(m_loop);
        return *m_loop;
    }
    EventLoop* operator->() const
    {
        assert(m_loop);
        return m_loop;
    }

    //! Release. After the last reference the loop may be gone at once.
    void reset(bool relock = false);

private:
    EventLoop* m_loop;
};

//! What is known of a connection by those who may outlive it.
struct ConnectionState
{
    //! Owning the event loop.
    bool alive{true};
    //! For the calls of its clients that have none of their own.
    CallTimeout call_timeout;
};

//! What client and server objects know of the connection that they belong to.
struct ProxyContext
{
    explicit ProxyContext(Connection* connection);

    //! Null, on the client side, after the connection is gone. Read and written while owning the event loop.
    Connection* connection;
    EventLoopRef loop;
    //! Run front to back when the object is destroyed. See ProxyClientBase and ProxyServerBase.
    CleanupList cleanup_fns;
    //! On the client side: in place of what the connection says, if it is set.
    CallTimeout call_timeout;

    //! How long a call of the client may take that is in no DeadlineScope. Any thread.
    std::optional<std::chrono::nanoseconds> callTimeout() const
    {
        const auto own = call_timeout.get();
        return own ? own : m_connection_state->call_timeout.get();
    }

    //! On the server side: bar the object from further requests. Returns whether it may be released now, with no request
    //! on a thread but the calling one; else that is left to the server's destructor.
    [[nodiscard]] bool beginDestroy();

private:
    friend class ProxyClientLink;
    friend class ServerRequest;
    friend void OpenServer(ProxyContext& context, const std::type_info& type, const void* server);
    friend class detail::LentObjects;
    friend void CleanupServer(ProxyContext& context, std::shared_ptr<void> impl, const std::type_info& type, void* server);
    const std::shared_ptr<const ConnectionState> m_connection_state;
    //! The client's entry in the connection's list of cleanup functions, while the connection lives.
    CleanupIt m_link;
    //! The server's requests that a thread is to run, or runs. Owning the loop.
    size_t m_uses{0};
    //! beginDestroy() was called, or the object was lent for a call that was lost. Owning the loop.
    bool m_destroyed{false};
    //! Those among which the object is lent. Owning the loop.
    detail::LentObjects* m_lent{nullptr};
};

//! Debug message: what happens to a client or server object.
void LogObject(const ProxyContext& context, const char* what, const std::type_info& type, const void* object);

//! The part of a client's life that doesn't depend on its type: joins the client to its connection.
class ProxyClientLink
{
public:
    using DestroyFn = void (*)(void* client);

    //! Register the client with its connection, and put the function that releases the remote object at the front of
    //! the cleanup functions.
    //! @param destroy  calls the remote "destroy" method, if one is declared; run before the capability is released
    //! @param owned    delete the connection after that
    static void attach(ProxyContext& context, capnp::Capability::Client& capability, DestroyFn destroy, void* client,
                       bool owned);
    //! Undo attach() without calling "destroy", when the client's constructor fails.
    static void abandon(ProxyContext& context, capnp::Capability::Client& capability, bool owned) noexcept;

    //! Release a client: run its cleanup functions. Logs what they throw.
    static void cleanup(ProxyContext& context, const std::type_info& type, void* client) noexcept;

private:
    static void release(ProxyContext& context, capnp::Capability::Client& capability, bool owned);
};

//! Base of generated clients. Made and destroyed on any thread; where a "destroy" method is declared, not on the event
//! loop. Destroying runs cleanup_fns front to back; the first one, added here, calls the remote "destroy" (if declared)
//! and waits for it, then releases the remote object, then closes the connection if it is owned. Never throws.
template <typename Interface_, typename Impl_>
class ProxyClientBase : public Impl_
{
public:
    using Interface = Interface_;
    using Impl = Impl_;
    using Sub = ProxyClient<Interface>;
    using Super = ProxyClientBase<Interface, Impl>;

    ProxyClientBase(typename Interface::Client client, Connection* connection, bool destroy_connection)
        : m_client(kj::mv(client)), m_context(connection)
    {
        ProxyClientLink::attach(
            m_context, m_client, [](void* self) { Sub::destroy(*static_cast<Super*>(self)); }, this, destroy_connection);
        LogObject(m_context, "Creating", typeid(Sub), this);
        try {
            Sub::construct(*this);
        } catch (...) {
            ProxyClientLink::abandon(m_context, m_client, destroy_connection);
            throw;
        }
    }
    ProxyClientBase(const ProxyClientBase&) = delete;
    ProxyClientBase& operator=(const ProxyClientBase&) = delete;
    ~ProxyClientBase() noexcept { ProxyClientLink::cleanup(m_context, typeid(Sub), this); }

    //! Hidden by generated functions where the schema has methods of these names.
    static void construct(Super&) {}
    static void destroy(Super&) {}

    typename Interface::Client m_client;
    ProxyContext m_context;
};

//! Where applications add members to a client: specialize, deriving from ProxyClientBase.
template <typename Interface, typename Impl>
class ProxyClientCustom : public ProxyClientBase<Interface, Impl>
{
    using ProxyClientBase<Interface, Impl>::ProxyClientBase;
};

//! A server object of the connection has been made; it is one until CleanupServer(). Owning the loop.
void OpenServer(ProxyContext& context, const std::type_info& type, const void* server);

//! Hand a server's object and its cleanup functions over to a cleanup thread, in this order. Those of one connection are
//! released one after another.
void CleanupServer(ProxyContext& context, std::shared_ptr<void> impl, const std::type_info& type, void* server);

//! Base of generated servers. Lives on the event loop. When the last remote reference is gone, or the connection, the
//! object and then cleanup_fns are released on a cleanup thread of the loop, unless "destroy" has released them before.
template <typename Interface_, typename Impl_>
struct ProxyServerBase : public virtual Interface_::Server
{
public:
    using Interface = Interface_;
    using Impl = Impl_;

    ProxyServerBase(std::shared_ptr<Impl> impl, Connection& connection) : m_impl(std::move(impl)), m_context(&connection)
    {
        assert(m_impl);
        OpenServer(m_context, typeid(ProxyServerBase), this);
    }
    ProxyServerBase(const ProxyServerBase&) = delete;
    ProxyServerBase& operator=(const ProxyServerBase&) = delete;
    virtual ~ProxyServerBase() { CleanupServer(m_context, std::move(m_impl), typeid(ProxyServerBase), this); }

    //! What the "destroy" method does: release the object, then run the cleanup functions, on this thread. Where the peer
    //! has other methods of the object running, they are left to the destructor.
    void invokeDestroy()
    {
        if (!m_context.beginDestroy()) return;
        m_impl.reset();
        CleanupRun(m_context.cleanup_fns);
    }

    using Interface_::Server::thisCap;

#if CAPNP_VERSION >= 1000000
    //! Calls end when their callers drop them.
    ::capnp::Capability::Server::DispatchCallResult
    dispatchCall(uint64_t interface_id, uint16_t method_id,
                 ::capnp::CallContext<::capnp::AnyPointer, ::capnp::AnyPointer> context) override
    {
        auto result = Interface_::Server::dispatchCall(interface_id, method_id, context);
        result.allowCancellation = true;
        return result;
    }
#endif

    std::shared_ptr<Impl> m_impl;
    ProxyContext m_context;
};

//! Where applications add members to a server, or hide invokeDestroy(): specialize, deriving from ProxyServerBase.
template <typename Interface, typename Impl>
struct ProxyServerCustom : public ProxyServerBase<Interface, Impl>
{
    using ProxyServerBase<Interface, Impl>::ProxyServerBase;
};

//! Parameter and result types of a pointer to a member function.
template <class Fn>
struct FunctionTraits;

template <class Class_, class Result_, class... Params_>
struct FunctionTraits<Result_ (Class_::*const)(Params_...)>
{
    using Params = TypeList<Params_...>;
    using Result = Result_;
    template <size_t N>
    using Param = typename std::tuple_element<N, std::tuple<Params_...>>::type;
    using Fields = std::conditional_t<std::is_same_v<void, Result>, Params, TypeList<Params_..., Result_>>;

    //! Pass a stored parameter on with the value category that it was declared with.
    template <size_t N>
    static decltype(auto) Fwd(Param<N>& arg)
    {
        return static_cast<Param<N>&&>(arg);
    }
};
template <class Class_, class Result_, class... Params_>
struct FunctionTraits<Result_ (Class_::*const)(Params_...) const> : FunctionTraits<Result_ (Class_::*const)(Params_...)>
{
};
template <class Class_, class Result_, class... Params_>
struct FunctionTraits<Result_ (Class_::*const)(Params_...) noexcept> : FunctionTraits<Result_ (Class_::*const)(Params_...)>
{
};
template <class Class_, class Result_, class... Params_>
struct FunctionTraits<Result_ (Class_::*const)(Params_...) const noexcept>
    : FunctionTraits<Result_ (Class_::*const)(Params_...)>
{
};

//! Types of the C++ method behind a schema's method, and how the server calls it. The primary template is for
//! "construct" and "destroy", which have none.
template <typename MethodParams, typename Enable = void>
struct ProxyMethodTraits
{
    using Params = TypeList<>;
    using Result = void;
    using Fields = Params;

    template <typename ServerContext>
    static void invoke(ServerContext&)
    {
    }
};

template <typename MethodParams>
struct ProxyMethodTraits<MethodParams, Require<decltype(ProxyMethod<MethodParams>::impl)>>
    : public FunctionTraits<decltype(ProxyMethod<MethodParams>::impl)>
{
    template <typename ServerContext, typename... Args>
    static decltype(auto) invoke(ServerContext& server_context, Args&&... args)
    {
        return (server_context.proxy_server.m_impl.get()->*ProxyMethod<MethodParams>::impl)(std::forward<Args>(args)...);
    }
};

//! Applications specialize these to change what the generated client's method, or the server's call, looks like.
template <typename MethodParams>
struct ProxyClientMethodTraits : public ProxyMethodTraits<MethodParams>
{
};
template <typename MethodParams>
struct ProxyServerMethodTraits : public ProxyMethodTraits<MethodParams>
{
};

static constexpr int FIELD_IN = 1;
static constexpr int FIELD_OUT = 2;
static constexpr int FIELD_OPTIONAL = 4;
static constexpr int FIELD_REQUESTED = 8;
static constexpr int FIELD_BOXED = 16;

//! A field of a struct, of the parameters or of the results: Field has the static getters and setters.
template <typename Field, int flags>
struct Accessor : public Field
{
    static constexpr bool in = flags & FIELD_IN;
    static constexpr bool out = flags & FIELD_OUT;
    static constexpr bool optional = flags & FIELD_OPTIONAL;
    static constexpr bool requested = flags & FIELD_REQUESTED;
    static constexpr bool boxed = flags & FIELD_BOXED;
};

//! C++ class behind an interface that wraps a std::function.
template <typename Fn>
class ProxyCallback;

template <typename Result, typename... Args>
class ProxyCallback<std::function<Result(Args...)>>
{
public:
    virtual ~ProxyCallback() = default;
    virtual Result call(Args&&... args) = 0;
};

} // namespace mp

#endif // MP_PROXY_H
