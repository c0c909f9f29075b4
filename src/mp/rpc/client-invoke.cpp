#include "dump.h"
#include "errors.h"
#include "fault.h"
#include "features.h"
#include "pending-call.h"
#include "reactor.h"
#include "runtime.h"
#include "thread-mapping.h"
#include "thread-server.h"

#include <algorithm>
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
    ~ClientCall()
    {
        if (m_pending) m_pending->scope = nullptr;
    }
    KJ_DISALLOW_COPY(ClientCall);

    //! Send the request, or have the loop's owner send it.
    void send();
    void wait();
    //! Tell the caller how the call failed, if it did.
    KJ_NOINLINE void report();

private:
    //! Owning the loop.
    //! @return whether it was sent
    bool start();
    //! Whether the call was given up, or it is time to. Owning the loop.
    bool abandoned();
    void failAbandoned();
    void received(capnp::Response<capnp::AnyPointer>&& response);
    void failed(kj::Exception&& error);
    //! Owning the loop.
    void done();
    void signal() { m_thread.waiter->signal(m_done, &m_reactor); }

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
    detail::LentObjects m_lent;
    //! The peer has been called, hasn't answered, and may go on.
    bool m_lost{false};
    //! Of calls in a CallScope, and, once it is sent, of those that a method makes to its own caller.
    std::shared_ptr<PendingCall> m_pending;
    std::optional<CallScope::Clock::time_point> m_deadline;
    std::list<CancelCallback> m_tokens;
    //! The method's, then.
    ServerRequest* m_request{nullptr};

    //! Guarded by the waiter's mutex.
    bool m_done{false};
    const char* m_disconnected{nullptr};
    kj::Own<kj::Exception> m_error;
    //! Thrown by build or read.
    CaughtException m_exception;
};

ClientCall::ClientCall(ProxyContext& context, capnp::Capability::Client& client, const MethodInfo& method, Build build,
                       Read read)
    : m_context(context), m_client(client), m_method(method), m_build(build), m_read(read), m_loop(*context.loop),
      m_reactor(ReactorOf(m_loop)), m_thread(CallingThread(m_loop))
{
    const CallScope* scope = CallScope::current();
    if (scope == nullptr) return;
    m_pending = std::make_shared<PendingCall>();
    m_pending->scope = scope;
    m_deadline = scope->deadline();
    for (; scope != nullptr; scope = scope->outer()) {
        if (!scope->token()) continue;
        // The call keeps its loop as long as the callback is there.
        m_tokens.emplace_back(*scope->token(), [&reactor = m_reactor, pending = m_pending] {
            reactor.post([pending] { pending->abandon(PendingCall::Reason::Cancelled); });
        });
    }
}

void ClientCall::done()
{
    if (m_lender) m_lender->takeBack();
    if (m_request) std::erase(m_request->m_nested, m_pending);
    if (m_pending) m_pending->end();
    if (m_lost) {
        if (m_pending) ThreadMapping::endCallbacks(*m_pending);
        // The peer shouldn't go on longer than it must.
        m_reactor.urgeFlush();
        // What was lent may be gone when the caller goes on.
        if (m_lent.revoke([this] { signal(); })) signal();
    } else {
        m_lent.release();
        signal();
    }
}

bool ClientCall::abandoned()
{
    if (m_deadline && CallScope::Clock::now() >= *m_deadline) m_pending->abandon(PendingCall::Reason::Late);
    return m_pending && m_pending->abandoned() != PendingCall::Reason::None;
}

void ClientCall::failAbandoned()
{
    try {
        const std::string method = m_method.name;
        switch (m_pending->abandoned()) {
        case PendingCall::Reason::None: break;
        case PendingCall::Reason::Late: throw TimeoutError(method + " timed out");
        case PendingCall::Reason::Cancelled: throw CancelledError(method + " was cancelled");
        case PendingCall::Reason::Orphaned:
            m_disconnected = "IPC client method call interrupted: its caller's own caller has given up.";
        }
    } catch (...) {
        m_exception.capture();
    }
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
    if (abandoned()) {
        failAbandoned();
        return false;
    }
    ServerRequest* const caller = ServerRequest::ofPeer(*m_context.connection, m_thread);
    try {
        if (m_context.connection->draining() && !caller) {
            throw DrainedError(std::string(m_method.name) + " refused: the connection is being drained");
        }
        auto request = NewRequest(m_client, m_method);
        ClientInvokeContext invoke_context(*m_context.connection, m_thread);
        m_lender.emplace(*m_context.connection);
        invoke_context.lender = &*m_lender;
        invoke_context.deadline = m_deadline;
        invoke_context.pending = m_pending;
        invoke_context.lent = &m_lent;
        m_build(invoke_context, request);
        if (!m_lender->hasLent()) m_lender.reset();
        MP_LOGPLAIN(m_loop, Log::Debug) << "{" << m_thread.thread_name << "} IPC client send " << m_method.name
                                        << "$Params";
        MP_LOGPLAIN(m_loop, Log::Trace) << "send data: "
                                        << Dump(m_loop.m_log_opts, m_method.params_schema(),
                                                request.asReader().getAs<capnp::AnyStruct>());
        m_request = caller;
        if (caller) {
            if (!m_pending) m_pending = std::make_shared<PendingCall>();
            caller->m_nested.push_back(m_pending);
        }
        m_lost = true;
        kj::Promise<capnp::Response<capnp::AnyPointer>> answer = request.send();
        if (m_pending) answer = m_pending->wrap(kj::mv(answer));
        auto task = answer.then([this](capnp::Response<capnp::AnyPointer>&& response) { received(kj::mv(response)); },
                                [this](kj::Exception&& error) { failed(kj::mv(error)); });
        // It is destroyed after the caller has been told.
        if (m_pending) task = task.attach(std::shared_ptr<PendingCall>(m_pending));
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
    if (abandoned()) {
        // The answer comes too late.
        failAbandoned();
    } else if (m_context.connection == nullptr) {
        // Closed in the same turn in which the answer came.
        m_disconnected = "IPC client method call interrupted by disconnect.";
    } else {
        m_lost = false;
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
    // What fails because time is up, such as a callback's own calls, fails for that reason.
    if (abandoned()) return failAbandoned();
    m_disconnected = "IPC client method call failed, and there is no memory to say why.";
    if (error.getType() != kj::Exception::Type::DISCONNECTED) {
        m_lost = false;
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
    if (m_deadline) {
        if (m_reactor.wait(waiter, lock, m_may_lead, done, &*m_deadline)) return;
        Unlock(lock, [this] {
            m_reactor.call([this] { m_pending->abandon(PendingCall::Reason::Late); });
        });
        if (m_done) return;
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
    const CallScope* const scope = CallScope::current();
    std::optional<DeadlineScope> bounded;
    if (scope == nullptr || !scope->deadline()) {
        if (const auto timeout = context.callTimeout()) bounded.emplace(*timeout);
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
    if (invoke_context.pending) {
        context.setCallbackThread(ThreadMapping::callbackThread(invoke_context.connection, invoke_context.thread_context,
                                                                invoke_context.pending));
    } else {
        context.setCallbackThread(ThreadMapping::callbackThread(invoke_context.connection, invoke_context.thread_context));
    }
    const auto& peer = invoke_context.connection.peerInfo();
    if (!invoke_context.deadline || !peer || !(peer->features & FEATURE_TIMEOUT)) return;
    const std::chrono::nanoseconds left = *invoke_context.deadline - CallScope::Clock::now();
    context.setTimeout(static_cast<uint64_t>(std::max(left.count(), int64_t{1})));
}

ThreadMap::Client MakeThreadMap(InvokeContext& invoke_context)
{
    CheckNotCanceled(invoke_context);
    CheckObjects(invoke_context);
    return kj::heap<ProxyServer<ThreadMap>>(invoke_context.connection);
}

} // namespace mp
