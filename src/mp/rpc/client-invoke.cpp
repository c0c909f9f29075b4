#include "dump.h"
#include "errors.h"
#include "fault.h"
#include "reactor.h"
#include "runtime.h"
#include "thread-mapping.h"
#include "thread-server.h"

#include <capnp/capability.h>
#include <kj/debug.h>
#include <list>
#include <mp/call-errors.h>
#include <mp/call-scope.h>
#include <mp/proxy-bytes.h>
#include <mp/proxy-invoke.h>
#include <optional>
#include <stdexcept>

namespace mp {

namespace {
ThreadContext& CallingThread(EventLoop& loop)
{
    ThreadContext& thread = CurrentThread();
    if (thread.waiter) return thread;
    thread.waiter = std::make_unique<Waiter>();
    if (thread.thread_name.empty()) thread.thread_name = ThreadName(loop.m_exe_name);
    MP_LOGPLAIN(loop, Log::Info) << "{" << thread.thread_name
                                 << "} IPC client first request from current thread, constructing waiter";
    return thread;
}

//! Cap'n Proto 1.x takes call hints too.
template <typename Client>
capnp::Request<capnp::AnyPointer, capnp::AnyPointer> NewRequest(Client& client, const MethodInfo& method)
{
    if constexpr (requires { client.typelessRequest(method.interface_id, method.method_id, nullptr, {}); }) {
        return client.typelessRequest(method.interface_id, method.method_id, nullptr, {});
    } else {
        return client.typelessRequest(method.interface_id, method.method_id, nullptr);
    }
}

//! One call, on the stack of the thread that makes it.
class ClientCall
{
public:
    using Build = FunctionRef<void(ClientInvokeContext&, capnp::AnyPointer::Builder)>;
    using Read = FunctionRef<void(ClientInvokeContext&, capnp::AnyPointer::Reader)>;

    ClientCall(ProxyContext& context, capnp::Capability::Client& client, const MethodInfo& method, Build build,
               Read read);

    //! Send the request, or have the loop's owner send it.
    void send();
    void wait();
    //! Tell the caller how the call failed, if it did.
    KJ_NOINLINE void report();

private:
    //! How the call may end before its answer comes.
    class Bounds;
    enum class Abandoned { No, Late, Cancelled };

    //! Owning the loop.
    //! @return whether it was sent
    bool start();
    void throwAbandoned() const;
    //! Nothing abandons it any more. Owning the loop.
    void forget();
    void received(capnp::Response<capnp::AnyPointer>&& response);
    void failed(kj::Exception&& error);
    //! Owning the loop.
    void done()
    {
        if (m_lender) m_lender->takeBack();
        forget();
        m_thread.waiter->signal(m_done, &m_reactor);
    }

    ProxyContext& m_context;
    capnp::Capability::Client& m_client;
    const MethodInfo& m_method;
    const Build m_build;
    const Read m_read;
    EventLoop& m_loop;
    Reactor& m_reactor;
    ThreadContext& m_thread;
    bool m_may_lead{true};
    //! While the request refers to arguments.
    std::optional<detail::Lender> m_lender;
    //! Of calls in a CallScope.
    std::unique_ptr<Bounds> m_bounds;
    //! Changed owning the loop.
    Abandoned m_abandoned{Abandoned::No};

    //! Guarded by the waiter's mutex.
    bool m_done{false};
    const char* m_disconnected{nullptr};
    kj::Own<kj::Exception> m_error;
    //! Thrown by build or read.
    CaughtException m_exception;
};

class ClientCall::Bounds
{
public:
    Bounds(ClientCall& call, const CallScope& scope) : m_link(std::make_shared<Link>(&call)), m_deadline(scope.deadline())
    {
        for (const CallScope* token = &scope; token != nullptr; token = token->outer()) {
            if (!token->token()) continue;
            // The call is waited for while the callback is there, and so keeps its loop.
            m_callbacks.emplace_back(*token->token(), [&reactor = call.m_reactor, link = m_link] {
                reactor.post([link] { link->abandon(Abandoned::Cancelled); });
            });
        }
    }

    const std::optional<CallScope::Clock::time_point>& deadline() const { return m_deadline; }

    //! Owning the loop, like the others below.
    template <typename T>
    kj::Promise<T> wrap(kj::Promise<T> promise)
    {
        // The promise is destroyed after the caller has been told.
        return m_link->canceler.wrap(kj::mv(promise));
    }
    std::shared_ptr<void> link() const { return m_link; }
    void abandon(Abandoned why) { m_link->abandon(why); }
    void ended() { m_link->call = nullptr; }

private:
    //! Shared with those who may come when the call has ended already.
    struct Link
    {
        explicit Link(ClientCall* call) : call(call) {}
        //! Give the call up, if it hasn't ended.
        void abandon(Abandoned why)
        {
            if (call == nullptr) return;
            call->m_abandoned = why;
            canceler.cancel("the call was given up");
        }
        //! Null when it has ended.
        ClientCall* call;
        kj::Canceler canceler;
    };

    const std::shared_ptr<Link> m_link;
    const std::optional<CallScope::Clock::time_point> m_deadline;
    std::list<CancelCallback> m_callbacks;
};

ClientCall::ClientCall(ProxyContext& context, capnp::Capability::Client& client, const MethodInfo& method, Build build,
                       Read read)
    : m_context(context), m_client(client), m_method(method), m_build(build), m_read(read), m_loop(*context.loop),
      m_reactor(ReactorOf(m_loop)), m_thread(CallingThread(m_loop))
{
    const CallScope* const scope = CallScope::current();
    if (scope == nullptr) return;
    m_bounds = std::make_unique<Bounds>(*this, *scope);
    if (scope->deadline() && CallScope::Clock::now() >= *scope->deadline()) m_abandoned = Abandoned::Late;
}

void ClientCall::forget()
{
    if (m_bounds) m_bounds->ended();
}

void ClientCall::throwAbandoned() const
{
    const std::string method = m_method.name;
    if (m_abandoned == Abandoned::Late) throw TimeoutError(method + " timed out");
    throw CancelledError(method + " was cancelled");
}

void ClientCall::send()
{
    const Reactor::Try tried = m_reactor.tryCall([this] {
        if (!start()) done();
    });
    if (tried == Reactor::Try::Ran) return;
    m_may_lead = tried == Reactor::Try::Busy;
    Waiter& waiter = *m_thread.waiter;
    // The call is built from what this thread runs now, not from what it may be asked to run meanwhile.
    waiter.hold();
    KJ_ON_SCOPE_FAILURE(waiter.release());
    m_reactor.post([this, &waiter] {
        const bool sent = start();
        waiter.release(&m_reactor);
        if (!sent) done();
    });
}

bool ClientCall::start()
{
    if (m_context.connection == nullptr) {
        m_disconnected = "IPC client method called after disconnect.";
        return false;
    }
    try {
        if (m_abandoned != Abandoned::No) throwAbandoned();
        auto request = NewRequest(m_client, m_method);
        ClientInvokeContext invoke_context(*m_context.connection, m_thread);
        m_lender.emplace(*m_context.connection);
        invoke_context.lender = &*m_lender;
        m_build(invoke_context, request);
        if (!m_lender->hasLent()) m_lender.reset();
        MP_LOGPLAIN(m_loop, Log::Debug) << "{" << m_thread.thread_name << "} IPC client send " << m_method.name
                                        << "$Params";
        MP_LOGPLAIN(m_loop, Log::Trace) << "send data: "
                                        << Dump(m_loop.m_log_opts, m_method.params_schema(),
                                                request.asReader().getAs<capnp::AnyStruct>());
        kj::Promise<capnp::Response<capnp::AnyPointer>> answer = request.send();
        if (m_bounds) answer = m_bounds->wrap(kj::mv(answer));
        auto task = answer.then([this](capnp::Response<capnp::AnyPointer>&& response) { received(kj::mv(response)); },
                                [this](kj::Exception&& error) { failed(kj::mv(error)); });
        if (m_bounds) task = task.attach(m_bounds->link());
        m_loop.m_task_set->add(kj::mv(task));
        return true;
    } catch (...) {
        m_exception.capture();
    }
    // The caller is told when the exception is its alone.
    return MP_FAULT(SwallowsBuildErrors);
}

void ClientCall::received(capnp::Response<capnp::AnyPointer>&& response)
{
    // The answer may be read into an argument.
    if (m_lender) m_lender->takeBack();
    if (m_context.connection == nullptr) {
        // Closed in the same turn in which the answer came.
        m_disconnected = "IPC client method call interrupted by disconnect.";
    } else {
        try {
            MP_LOGPLAIN(m_loop, Log::Debug) << "{" << m_thread.thread_name << "} IPC client recv " << m_method.name
                                            << "$Results";
            MP_LOGPLAIN(m_loop, Log::Trace) << "recv data: "
                                            << Dump(m_loop.m_log_opts, m_method.results_schema(),
                                                    response.getAs<capnp::AnyStruct>());
            ClientInvokeContext invoke_context(*m_context.connection, m_thread);
            m_read(invoke_context, response);
        } catch (...) {
            m_exception.capture();
        }
    }
    {
        // The caller returns as soon as it is told: the response goes first.
        const auto released = kj::mv(response);
    }
    done();
}

void ClientCall::failed(kj::Exception&& error)
{
    // Whatever happens here, the caller must not wait for ever.
    KJ_DEFER(done());
    if (m_abandoned != Abandoned::No) {
        try {
            throwAbandoned();
        } catch (...) {
            m_exception.capture();
        }
        return;
    }
    m_disconnected = "IPC client method call failed, and there is no memory to say why.";
    if (error.getType() != kj::Exception::Type::DISCONNECTED) {
        m_error = kj::heap(kj::mv(error));
    } else if (m_context.connection != nullptr) {
        // RpcSystem calls all that ends a connection a disconnect.
        KJ_IF_MAYBE (stream_error, m_context.connection->streamError()) {
            m_error = kj::heap(kj::mv(*stream_error));
        }
    }
    if (m_error.get() == nullptr) {
        m_disconnected = "IPC client method call interrupted by disconnect.";
        return;
    }
    m_disconnected = nullptr;
    MP_LOGPLAIN(m_loop, Log::Info) << "{" << m_thread.thread_name << "} IPC client exception kj::Exception: "
                                   << kj::str(*m_error).cStr();
}

void ClientCall::wait()
{
    Waiter& waiter = *m_thread.waiter;
    const auto done = [this] { return m_done; };
    Lock lock(waiter.m_mutex);
    if (m_bounds && m_bounds->deadline()) {
        if (m_reactor.wait(waiter, lock, m_may_lead, done, &*m_bounds->deadline())) return;
        Unlock(lock, [this] {
            m_reactor.call([this] { m_bounds->abandon(Abandoned::Late); });
        });
    }
    m_reactor.wait(waiter, lock, m_may_lead, done);
}

void ClientCall::report()
{
    if (m_exception) m_exception.rethrow();
    if (m_error.get() != nullptr) {
        MP_LOGPLAIN(m_loop, Log::Raise) << "kj::Exception: " << kj::str(*m_error).cStr();
    }
    if (m_disconnected) {
        MP_LOGPLAIN(m_loop, Log::Raise) << m_disconnected;
    }
}

void Invoke(ProxyContext& context, capnp::Capability::Client& client, const MethodInfo& method, ClientCall::Build build,
            ClientCall::Read read)
{
    EventLoop& loop = *context.loop;
    if (loop.isLoopThread()) {
        throw std::logic_error(std::string(method.name) +
                               " called on the event loop thread, which would wait for itself");
    }
    ClientCall call(context, client, method, build, read);
    call.send();
    call.wait();
    call.report();
}
} // namespace

void InvokeClient(ProxyContext& context, capnp::Capability::Client& client, const MethodInfo& method,
                  FunctionRef<void(ClientInvokeContext&, capnp::AnyPointer::Builder)> build,
                  FunctionRef<void(ClientInvokeContext&, capnp::AnyPointer::Reader)> read)
{
    ServerRequest* const holder = ServerRequest::giveUpLoop();
    try {
        Invoke(context, client, method, build, read);
    } catch (...) {
        if (holder) holder->takeLoopBack();
        throw;
    }
    if (holder) holder->takeLoopBack();
}

void BuildContext(ClientInvokeContext& invoke_context, Context::Builder context)
{
    context.setThread(ThreadMapping::requestThread(invoke_context.connection, invoke_context.thread_context));
    context.setCallbackThread(ThreadMapping::callbackThread(invoke_context.connection, invoke_context.thread_context));
}

ThreadMap::Client MakeThreadMap(InvokeContext& invoke_context)
{
    CheckNotCanceled(invoke_context);
    CheckObjects(invoke_context);
    return kj::heap<ProxyServer<ThreadMap>>(invoke_context.connection);
}

} // namespace mp
