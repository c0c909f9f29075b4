#include "async-cleanup.h"
#include "fd-stream.h"
#include "in-flight.h"
#include "io-provider.h"
#include "loop-pool.h"
#include "output-log.h"
#include "reactor.h"
#include "runtime.h"
#include "time-left.h"

#include <fcntl.h>
#include <kj/async-unix.h>
#include <kj/debug.h>
#include <mp/connection.h>
#include <mp/event-loop.h>
#include <mp/proxy-invoke.h>
#include <stdexcept>
#include <utility>
#include <vector>

namespace mp {

namespace {
//! kj::AsyncIoContext has a reference to a kj::UnixEventPort, and the loop has none: our own port takes its place. The
//! reference is for nobody to use; a real port would change the application's signal dispositions.
kj::UnixEventPort& NoUnixEventPort()
{
    alignas(kj::UnixEventPort) static char storage[sizeof(kj::UnixEventPort)];
    return reinterpret_cast<kj::UnixEventPort&>(storage);
}

kj::AsyncIoContext MakeIoContext(Reactor& reactor)
{
    auto low_level = kj::heap<IoProvider>(reactor.port());
    auto provider = kj::newAsyncIoProvider(*low_level);
    return {kj::mv(low_level), kj::mv(provider), reactor.waitScope(), NoUnixEventPort()};
}

class LogTaskErrors final : public kj::TaskSet::ErrorHandler
{
public:
    explicit LogTaskErrors(EventLoop& loop) : m_loop(loop) {}
    void taskFailed(kj::Exception&& exception) override { LogUncaughtTask(m_loop, exception); }

private:
    EventLoop& m_loop;
};
} // namespace

namespace {
//! For what happens at the deadline to be noticed.
constexpr std::chrono::steady_clock::duration GRACE = std::chrono::seconds(1);

template <typename Future>
bool WaitUntil(const Future& future, std::chrono::steady_clock::time_point deadline)
{
    // Such a time overflows where it is converted.
    if (deadline == std::chrono::steady_clock::time_point::max()) {
        future.wait();
        return true;
    }
    return future.wait_until(deadline) == std::future_status::ready;
}
} // namespace

void LogUncaughtTask(EventLoop& loop, const kj::Exception& exception)
{
    MP_LOG(loop, Log::Error) << "Uncaught exception in daemonized task.";
    MP_LOG(loop, Log::Error) << kj::str(exception).cStr();
}

Reactor& ReactorOf(EventLoop& loop) { return *loop.m_reactor; }

AsyncCleanup& AsyncCleanupOf(EventLoop& loop) { return *loop.m_async_cleanup; }

ShutdownHook AddShutdownHook(EventLoop& loop, std::function<void()> fn)
{
    return loop.m_shutdown_hooks.insert(loop.m_shutdown_hooks.end(), std::move(fn));
}

void RemoveShutdownHook(EventLoop& loop, ShutdownHook hook) { loop.m_shutdown_hooks.erase(hook); }

OutputLog& OutputLogOf(EventLoop& loop) { return *loop.m_output_log; }

EventLoopRef::EventLoopRef(EventLoop& loop, Lock*) : m_loop(&loop) { loop.m_reactor->addRef(); }

void EventLoopRef::reset(bool)
{
    EventLoop* const loop = m_loop;
    if (loop == nullptr) return;
    m_loop = nullptr;
    // The loop may be gone as soon as the reference is; what dropRef() uses must not.
    const std::shared_ptr<Reactor> reactor = loop->m_reactor;
    reactor->dropRef();
}

EventLoop::EventLoop(const char* exe_name, LogOptions log_opts, void* context)
    : m_exe_name(exe_name), m_reactor(std::make_shared<Reactor>()), m_io_context(MakeIoContext(*m_reactor)),
      m_task_errors(kj::heap<LogTaskErrors>(*this)), m_task_set(std::make_unique<kj::TaskSet>(*m_task_errors)),
      m_log_opts(std::move(log_opts)), m_context(context), m_async_cleanup(std::make_unique<AsyncCleanup>(*this)),
      m_methods(std::make_unique<InFlight>()), m_output_log(std::make_unique<OutputLog>(*this))
{
    m_reactor->setLog(m_log_opts, m_exe_name);
    m_reactor->setOwnerSlot(&m_thread_id);
}

EventLoop::~EventLoop()
{
    m_incoming_connections.clear();
    m_pool.reset();
    m_async_cleanup.reset();
    m_output_log.reset();
    m_task_set.reset();
    m_io_context.provider = nullptr;
    m_io_context.lowLevelProvider = nullptr;
    m_reactor->close();
}

void EventLoop::loop()
{
    m_reactor->run();
    // The threads may need the loop when they end.
    while (std::exchange(m_pool, nullptr)) m_reactor->run();
    MP_LOG(*this, Log::Info) << "EventLoop::loop done, cancelling event listeners.";
    m_task_set.reset();
    MP_LOG(*this, Log::Info) << "EventLoop::loop bye.";
}

void EventLoop::setPool(size_t max_threads)
{
    if (!m_pool) m_pool = std::make_unique<LoopPool>(*this);
    m_pool->setMaxThreads(max_threads);
}

void EventLoop::setAppVersion(uint64_t version, PeerCheck check)
{
    m_app_version = version;
    m_check_peer = std::move(check);
}

bool EventLoop::isLoopThread() const { return m_reactor->owned(); }

void EventLoop::call(FunctionRef<void()> fn)
{
    if (isLoopThread()) {
        fn();
        return;
    }
    const EventLoopRef ref(*this);
    m_reactor->call(fn);
}

void EventLoop::post(kj::Function<void()> fn)
{
    if (isLoopThread()) {
        fn();
        return;
    }
    call([&] {
        KJ_IF_MAYBE (error, kj::runCatchingExceptions([&] { fn(); })) {
            MP_LOG(*this, Log::Error) << "EventLoop: m_post_fn threw: " << kj::str(*error).cStr();
        }
    });
}

void EventLoop::checkMayWait(const char* function)
{
    if (ServerRequest::isRunning(*this) || m_async_cleanup->isCleanupThread() || isLoopThread()) {
        throw std::logic_error(std::string("EventLoop::") + function + " called by what it would wait for");
    }
}

bool EventLoop::waitForMethodsUntil(TimePoint deadline)
{
    const EventLoopRef ref(*this);
    std::future<void> methods;
    call([&] { methods = m_methods->ended(); });
    if (!WaitUntil(methods, deadline)) return false;
    // The loop is free again after it has released what they held.
    call([] {});
    return WaitUntil(m_async_cleanup->done(), deadline);
}

void EventLoop::waitForMethods() { waitForMethods(std::chrono::nanoseconds::max()); }

bool EventLoop::waitForMethods(std::chrono::nanoseconds timeout)
{
    checkMayWait("waitForMethods");
    return waitForMethodsUntil(TimeAfter(timeout));
}

bool EventLoop::shutdown(std::chrono::nanoseconds timeout)
{
    checkMayWait("shutdown");
    const EventLoopRef ref(*this);
    const TimePoint deadline = TimeAfter(timeout);
    std::vector<std::shared_future<bool>> connections;
    call([&] {
        m_shutdown = true;
        // They remove themselves.
        const auto hooks = m_shutdown_hooks;
        for (const auto& hook : hooks) hook();
        for (Connection* const connection : m_connections) connections.push_back(connection->drain(timeout));
    });
    bool answered = true;
    for (auto& ended : connections) {
        // They end when the time is up, if the loop runs.
        answered = WaitUntil(ended, deadline + std::min(GRACE, TimePoint::max() - deadline)) && ended.get() && answered;
    }
    return waitForMethodsUntil(deadline) && answered;
}

void EventLoop::addAsyncCleanup(std::function<void()> fn) { m_async_cleanup->add(nullptr, std::move(fn)); }

Stream MakeStream(EventLoop& loop, SocketId socket) { return MakeStream(loop, socket, socket); }

Stream MakeStream(EventLoop& loop, SocketId input, SocketId output)
{
    Stream stream;
    loop.call([&] {
        kj::AutoCloseFd in(input);
        kj::AutoCloseFd out(output == input ? -1 : output);
        KJ_SYSCALL(fcntl(input, F_SETFD, FD_CLOEXEC), "MakeStream", input);
        KJ_SYSCALL(fcntl(output, F_SETFD, FD_CLOEXEC), "MakeStream", output);
        Port& port = ReactorOf(loop).port();
        stream = output == input ? kj::heap<FdStream>(port, kj::mv(in)) : kj::heap<FdStream>(port, kj::mv(in), kj::mv(out));
    });
    return stream;
}

} // namespace mp
