#include "back-pressure.h"
#include "dump.h"
#include "fault.h"
#include "in-flight.h"
#include "loop-pool.h"
#include "message-network.h"
#include "pending-call.h"
#include "reactor.h"
#include "runtime.h"
#include "thread-mapping.h"
#include "thread-server.h"
#include "time-left.h"

#include <algorithm>
#include <atomic>
#include <kj/debug.h>
#include <limits>
#include <mp/call-errors.h>
#include <mp/current-call.h>
#include <mp/proxy-invoke.h>
#include <stdexcept>
#include <utility>

namespace mp {

namespace {
int NextRequestNumber()
{
    static std::atomic<int> number{0};
    return ++number;
}

//! Have the promise of the call's end destroyed when its caller drops it. Newer Cap'n Protos ask for that in dispatchCall().
template <typename Hook>
void AllowCancellation(Hook& hook)
{
    if constexpr (requires { hook.allowCancellation(); }) hook.allowCancellation();
}

std::chrono::nanoseconds Nanoseconds(uint64_t count)
{
    return std::chrono::nanoseconds(std::min(count, uint64_t{std::numeric_limits<int64_t>::max()}));
}

kj::Exception ThreadEnded() { return KJ_EXCEPTION(FAILED, "the thread that was to execute the request has ended"); }

kj::Exception Canceled()
{
    return KJ_EXCEPTION(DISCONNECTED, "request canceled: its connection is closed, or its caller has dropped it");
}
} // namespace

//! While it lives, its thread is in no request of a worker.
class ServerRequest::NoRequest
{
public:
    explicit NoRequest(ThreadContext& thread) : m_thread(thread), m_request(std::exchange(thread.m_request, nullptr)) {}
    ~NoRequest() { m_thread.m_request = m_request; }
    KJ_DISALLOW_COPY(NoRequest);

private:
    ThreadContext& m_thread;
    ServerRequest* const m_request;
};

//! With the promise that a thread is to fulfil. Keeps the thread's object, if it has one, through a capability, and
//! counts the request; tells the request when the caller drops the call.
class ServerRequest::Promised
{
public:
    explicit Promised(ServerRequest& request, ProxyServer<Thread>* thread = nullptr)
        : m_request(&request), m_thread(thread)
    {
        request.m_promised = this;
        if (m_thread == nullptr) return;
        m_client = m_thread->self();
        ++m_thread->m_requests;
    }
    ~Promised() noexcept(false)
    {
        if (m_thread) --m_thread->m_requests;
        if (m_request == nullptr) return;
        m_request->m_promised = nullptr;
        m_request->unlink();
        m_request->cancel();
    }
    KJ_DISALLOW_COPY(Promised);

    //! The request has ended.
    void end() { m_request = nullptr; }
    bool isFor(const ProxyServer<Thread>& thread) const { return m_thread == &thread; }

private:
    ServerRequest* m_request;
    ProxyServer<Thread>* const m_thread;
    kj::Maybe<Thread::Client> m_client;
};

void ThrowServerDestroyed(const MethodInfo& method)
{
    throw std::runtime_error(std::string(method.name) + " called on an object that was destroyed");
}

ServerRequest::ServerRequest(const IncomingCall& call)
    : m_call(call), m_loop(*call.context.loop), m_connection(*call.context.connection), m_number(NextRequestNumber())
{
    // Calls that were on their way.
    if (disconnected()) kj::throwFatalException(KJ_EXCEPTION(DISCONNECTED, "the object's connection is closed"));
    if (m_call.context.m_destroyed) ThrowServerDestroyed(m_call.method);
}

ServerRequest::~ServerRequest()
{
    // Left over when it was refused, or when its thread ended before its turn came.
    if (m_fulfiller.get() != nullptr || m_link || m_callback_thread != nullptr) {
        m_loop->call([this] { finish(ThreadEnded()); });
    }
}

void ServerRequest::link() { m_link = m_connection.m_requests.insert(m_connection.m_requests.end(), this); }

void ServerRequest::unlink()
{
    if (!m_link) return;
    m_connection.m_requests.erase(*m_link);
    m_link.reset();
}

void ServerRequest::logReceived()
{
    MP_LOG(*m_loop, Log::Debug) << "IPC server recv request  #" << m_number << " " << m_call.method.name << "$Params";
    MP_LOG(*m_loop, Log::Trace) << "request data: " << Dump(m_loop->m_log_opts, m_call.method.params_schema(),
                                                            m_call.hook.getParams().getAs<capnp::AnyStruct>());
}

void ServerRequest::logAnswered()
{
    MP_LOG(*m_loop, Log::Debug) << "IPC server send response #" << m_number << " " << m_call.method.name << "$Results";
    MP_LOG(*m_loop, Log::Trace) << "response data: " << Dump(m_loop->m_log_opts, m_call.method.results_schema(),
                                                             m_call.hook.getResults(nullptr).asReader().getAs<capnp::AnyStruct>());
}

bool ServerRequest::waitsForPeer(const ProxyServer<Thread>& thread) const
{
    // An application's is named in its calls only.
    if (!thread.isWorker()) return true;
    if (thread.m_thread == nullptr) return false;
    const std::list<ServerRequest*>& requests = m_connection.m_requests;
    return std::any_of(requests.begin(), requests.end(), [&](const ServerRequest* request) {
        return !request->m_nested.empty() && request->m_waiter == thread.m_thread->waiter.get();
    });
}

void ServerRequest::checkOpen(const ProxyServer<Thread>* thread)
{
    if (!m_connection.draining()) return;
    if (m_call.context.m_lent || (thread && waitsForPeer(*thread))) return;
    MP_LOG(*m_loop, Log::Info) << "IPC server refused request #" << m_number << ", its connection is being drained";
    throw DrainedError(std::string(m_call.method.name) + " refused: the connection is being drained");
}

kj::Exception ServerRequest::logFailed(kj::Exception error)
{
    MP_LOG(*m_loop, Log::Error) << "IPC server error request #" << m_number << " " << m_call.method.name
                                << "$Results kj::Exception: " << error.getDescription().cStr();
    return error;
}

void ServerRequest::logNotExecuted()
{
    MP_LOG(*m_loop, Log::Info) << "IPC server request #" << m_number << " canceled before it could be executed";
}

kj::Exception ServerRequest::refuseCanceled()
{
    logNotExecuted();
    return Canceled();
}

kj::Promise<void> ServeOnLoop(const IncomingCall& call)
{
    ServerRequest request(call);
    request.logReceived();
    request.checkOpen(nullptr);
    // The method may take long.
    ReactorOf(*request.m_loop).wakeNow();
    // The loop's owner may be a thread that runs another request.
    const ServerRequest::NoRequest none(CurrentThread());
    // The method may close its own connection.
    request.link();
    KJ_DEFER(request.unlink());
    try {
        request.run();
    } catch (const std::exception& e) {
        MP_LOG(*request.m_loop, Log::Error) << "IPC server unhandled exception: " << e.what();
        throw;
    } catch (...) {
        MP_LOG(*request.m_loop, Log::Error) << "IPC server unhandled exception";
        throw;
    }
    request.logAnswered();
    return kj::READY_NOW;
}

kj::Promise<void> ServeOnThread(const IncomingCall& call, capnp::Capability::Client self, Context::Reader context)
{
    auto request = kj::heap<ServerRequest>(call);
    request->logReceived();
    AllowCancellation(call.hook);
    EventLoop& loop = *request->m_loop;
    Connection& connection = request->m_connection;
    const int number = request->m_number;
    ServerRequest& waiting = *request;
    request->link();
    request->keep(kj::mv(self));
    if (context.getTimeout() > 0) request->m_deadline = TimeAfter(Nanoseconds(context.getTimeout()));
    if (context.hasCallbackThread()) request->m_callback_thread = context.getCallbackThread();

    const bool named = context.hasThread();
    if (!named && !connection.m_pool) {
        if (loop.m_pool && loop.m_pool->on()) {
            request->checkOpen(nullptr);
            return waiting.dispatch(kj::mv(request), *loop.m_pool);
        }
        MP_LOG(loop, Log::Error) << "IPC server error request #" << number
                                 << ", no thread specified and no pool configured";
        throw std::runtime_error("no thread specified and no pool configured");
    }
    Thread::Client thread = named ? context.getThread() : connection.m_pool->next();
    ProxyServer<Thread>* const local = ThreadMapping::localThread(connection, thread);
    request->checkOpen(local);
    if (local) return waiting.dispatch(kj::mv(request), *local);
    // A promise, such as the result of a makeThread call that still runs.
    return connection.m_thread_lookups.wrap(connection.m_threads.getLocalServer(thread)).then(
        [&loop, &waiting, number, request = kj::mv(request)](kj::Maybe<Thread::Server&> server) mutable -> kj::Promise<void> {
            KJ_IF_MAYBE (thread, server) {
                return waiting.dispatch(kj::mv(request), kj::downcast<ProxyServer<Thread>>(*thread));
            }
            MP_LOG(loop, Log::Error) << "IPC server error request #" << number << ", missing thread to execute request";
            throw std::runtime_error("invalid thread handle");
        },
        [&loop, &waiting, number](kj::Exception&& error) -> kj::Promise<void> {
            if (waiting.canceled()) return waiting.refuseCanceled();
            MP_LOG(loop, Log::Info) << "IPC server error request #" << number
                                    << " CapabilityServerSet<Thread>::getLocalServer call failed, did you forget to "
                                       "provide a ThreadMap to the client prior to this IPC call?";
            return kj::mv(error);
        });
}

void ServerRequest::keep(capnp::Capability::Client self)
{
    m_self = kj::mv(self);
    m_hook = m_call.hook.addRef();
}

kj::Promise<void> ServerRequest::dispatch(kj::Own<ServerRequest> self, ProxyServer<Thread>& thread)
{
    if (canceled()) return refuseCanceled();
    if (m_call.context.m_destroyed) {
        KJ_IF_MAYBE (error, kj::runCatchingExceptions([&] { ThrowServerDestroyed(m_call.method); })) {
            return logFailed(kj::mv(*error));
        }
    }
    if (thread.m_thread == nullptr) return logFailed(ThreadEnded());
    auto promise = accept(kj::heap<Promised>(*this, &thread));
    m_callback_of = thread.m_call;
    enqueue(kj::mv(self), *thread.m_thread);
    return promise;
}

kj::Promise<void> ServerRequest::dispatch(kj::Own<ServerRequest> self, LoopPool& pool)
{
    pool.prepare();
    auto promise = accept(kj::heap<Promised>(*this));
    m_pool = &pool;
    pool.add(m_connection, kj::mv(self));
    return promise;
}

kj::Promise<void> ServerRequest::accept(kj::Own<Promised> promised)
{
    auto paf = kj::newPromiseAndFulfiller<void>();
    m_fulfiller = kj::mv(paf.fulfiller);
    m_in_flight = m_loop->m_methods->begin();
    m_back_pressure = m_connection.m_network->backPressure();
    ++m_call.context.m_uses;
    return paf.promise.attach(kj::mv(promised));
}

void ServerRequest::enqueue(kj::Own<ServerRequest> self, ThreadContext& thread)
{
    MP_LOG(*m_loop, Log::Debug) << "IPC server post request  #" << m_number << " {" << thread.thread_name << "}";
    m_waiter = thread.waiter.get();
    m_ticket = m_waiter->enqueue([self = kj::mv(self)]() mutable { self->execute(); }, &ReactorOf(*m_loop));
}

void ServerRequest::runInPool(kj::Own<ServerRequest> self, WorkerThread& thread)
{
    m_pool_thread = &thread;
    enqueue(kj::mv(self), thread.context());
}

std::list<Waiter::Task> ServerRequest::takeBack()
{
    std::list<Waiter::Task> taken;
    if (m_waiter) {
        taken = m_waiter->take(m_ticket);
    } else if (m_pool) {
        kj::Own<ServerRequest> self = m_pool->take(m_connection, *this);
        if (self.get()) taken.push_back({0, [self = kj::mv(self)] {}});
    }
    return taken;
}

void ServerRequest::execute()
{
    EventLoop& loop = *m_loop;
    ThreadContext& thread = CurrentThread();
    m_outer = thread.m_request;
    thread.m_request = this;
    // What bounds the calls that this thread waits for is nothing to the request, unless that belongs to one of them.
    const CallScope* const scope = std::exchange(thread.m_scope, m_callback_of ? m_callback_of->scope : nullptr);
    KJ_DEFER({
        thread.m_request = m_outer;
        thread.m_scope = scope;
    });
    std::optional<DeadlineScope> deadline;
    if (m_deadline) deadline.emplace(*m_deadline);

    // Not while it owns a loop, because a method of that calls another one's: it may be the one by which output leaves.
    if (m_back_pressure->on() && !InKjLoop()) m_back_pressure->pass();
    if (loop.testing_hook_async_request_start) loop.testing_hook_async_request_start();
    kj::Maybe<kj::Exception> error;
    State waiting = State::Waiting;
    m_executed = m_state.compare_exchange_strong(waiting, State::Executing);
    if (!m_executed) {
        logNotExecuted();
    } else {
        MP_LOG(loop, Log::Debug) << "IPC server executing request #" << m_number;
        const Reactor::KjScope kj_scope(ReactorOf(loop));
        error = kj::runCatchingExceptions([&] {
            try {
                run();
            } catch (const InterruptException& e) {
                MP_LOG(loop, Log::Info) << "IPC server request #" << m_number << " interrupted (" << e.what() << ")";
            }
        });
    }
    if (loop.testing_hook_async_request_done) loop.testing_hook_async_request_done();

    ReactorOf(loop).call([&] {
        ThreadMapping::endRequest(*this, thread);
        finish(kj::mv(error));
    });
}

void ServerRequest::cancel()
{
    m_link.reset();
    m_callback_thread = nullptr;
    if (m_state.exchange(State::Canceled) == State::Executing) {
        MP_LOG(*m_loop, Log::Info) << "IPC server request #" << m_number << " canceled while executing.";
        for (const auto& call : std::exchange(m_nested, {})) call->abandon(PendingCall::Reason::Orphaned);
        std::optional<CancelToken> token;
        {
            const Lock lock(m_token_mutex);
            token = m_token;
        }
        if (token) token->cancel();
    } else {
        // An application's thread may not look for a long time, and the request keeps the loop from ending.
        std::list<Waiter::Task> task = takeBack();
        if (!task.empty()) {
            logNotExecuted();
            // Destroys this.
            task.clear();
        }
    }
}

void ServerRequest::refuse()
{
    const std::list<Waiter::Task> task = takeBack();
    // Destroys this, with the task.
    if (!task.empty()) finish(KJ_EXCEPTION(FAILED, "the call that this one belongs to was given up"));
}

void ServerRequest::refuseQueued(Connection& connection, ProxyServer<Thread>& thread)
{
    const std::list<ServerRequest*> requests = connection.m_requests;
    for (ServerRequest* request : requests) {
        if (request->m_promised && request->m_promised->isFor(thread)) request->refuse();
    }
}

void ServerRequest::refuseQueued(Connection& connection, const detail::LentObjects& objects)
{
    const std::list<ServerRequest*> requests = connection.m_requests;
    for (ServerRequest* request : requests) {
        if (request->m_call.context.m_lent == &objects) request->refuse();
    }
}

void ServerRequest::finish(kj::Maybe<kj::Exception> error)
{
    m_callback_thread = nullptr;
    unlink();
    if (m_promised) m_promised->end();
    if (m_pool_thread) m_pool->release(*std::exchange(m_pool_thread, nullptr));
    const std::optional<capnp::Capability::Client> self = std::exchange(m_self, std::nullopt);
    const kj::Own<capnp::CallContextHook> hook = kj::mv(m_hook);
    kj::Own<kj::PromiseFulfiller<void>> fulfiller = kj::mv(m_fulfiller);
    if (fulfiller.get() && --m_call.context.m_uses == 0 && m_call.context.m_lent) m_call.context.m_lent->unused();
    if (canceled()) {
        if (m_executed) {
            MP_LOG(*m_loop, Log::Info) << "IPC server request #" << m_number << " interrupted (canceled)";
        }
        // Nobody waits for the answer, but what the request holds goes with it.
        if (fulfiller.get()) fulfiller->reject(Canceled());
        return;
    }
    if (!fulfiller.get()) return; // refused already
    KJ_IF_MAYBE (e, error) {
        MP_LOG(*m_loop, Log::Error) << "IPC server request #" << m_number << " uncaught exception ("
                                    << kj::str(*e).cStr() << ")";
        fulfiller->reject(logFailed(kj::mv(*e)));
    } else {
        logAnswered();
        fulfiller->fulfill();
    }
}

bool ServerRequest::disconnected() const { return !m_call.context.m_connection_state->alive; }

void ServerRequest::checkNotCanceled()
{
    if (canceled() && !MP_FAULT(BuildsResultsWhenCanceled)) kj::throwFatalException(Canceled());
}

void ServerRequest::withLoop(FunctionRef<void()> fn)
{
    m_loop->call([&] {
        checkNotCanceled();
        fn();
    });
}

void ServerRequest::holdLoop(FunctionRef<void()> fn)
{
    const bool on_worker = m_fulfiller.get() != nullptr;
    if (!on_worker || m_loop->isLoopThread()) return withLoop(fn);
    m_holds_loop = ReactorOf(*m_loop).enter();
    if (!m_holds_loop) return withLoop(fn);
    KJ_DEFER(letGo());
    const Reactor::KjScope kj_scope(ReactorOf(*m_loop));
    checkNotCanceled();
    fn();
}

void ServerRequest::letGo()
{
    if (!m_holds_loop) return;
    m_holds_loop = false;
    ReactorOf(*m_loop).leave();
}

ServerRequest* ServerRequest::giveUpLoop()
{
    ServerRequest* const request = CurrentThread().m_request;
    if (request == nullptr || !request->m_holds_loop || !ReactorOf(*request->m_loop).mayLeave()) return nullptr;
    request->letGo();
    return request;
}

void ServerRequest::takeLoopBack()
{
    m_holds_loop = ReactorOf(*m_loop).enter();
    checkNotCanceled();
}

ServerRequest* ServerRequest::ofPeer(Connection& connection, ThreadContext& thread)
{
    ServerRequest* request = thread.m_request;
    // Inside of it there may be those of other peers, which it has called.
    while (request && (&request->m_connection != &connection || request->canceled())) request = request->m_outer;
    return request;
}

CancelToken ServerRequest::token()
{
    const Lock lock(m_token_mutex);
    if (m_token) return *m_token;
    m_token.emplace();
    // Before there was one. It has no callbacks yet: those are for the loop's owner to call.
    if (canceled()) m_token->cancel();
    return *m_token;
}

RunningCall CurrentCall() { return ServerRequest::current(); }

RunningCall ServerRequest::current()
{
    ServerRequest* const request = CurrentThread().m_request;
    if (request == nullptr) return RunningCall();
    return RunningCall(request->token(), request->m_deadline);
}

bool ServerRequest::isRunning(EventLoop& loop)
{
    for (ServerRequest* request = CurrentThread().m_request; request != nullptr; request = request->m_outer) {
        if (&*request->m_loop == &loop) return true;
    }
    return false;
}

bool ServerRequest::isRunning(const ProxyContext& server)
{
    ServerRequest* const request = CurrentThread().m_request;
    return request != nullptr && &request->m_call.context == &server;
}

void CheckNotCanceled(InvokeContext& invoke_context)
{
    if (invoke_context.request) invoke_context.request->checkNotCanceled();
}

void WithLoop(InvokeContext& invoke_context, FunctionRef<void()> fn)
{
    if (invoke_context.request) {
        invoke_context.request->withLoop(fn);
    } else {
        invoke_context.connection.m_loop->call(fn);
    }
}

void HoldLoop(InvokeContext& invoke_context, FunctionRef<void()> fn)
{
    if (invoke_context.request) {
        invoke_context.request->holdLoop(fn);
    } else {
        invoke_context.connection.m_loop->call(fn);
    }
}

} // namespace mp
