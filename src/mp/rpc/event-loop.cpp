#include "async-cleanup.h"
#include "fd-stream.h"
#include "in-flight.h"
#include "io-provider.h"
#include "output-log.h"
#include "reactor.h"
#include "runtime.h"

#include <fcntl.h>
#include <kj/async-unix.h>
#include <kj/debug.h>
#include <mp/connection.h>
#include <mp/event-loop.h>
#include <mp/proxy-invoke.h>
#include <stdexcept>

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

void LogUncaughtTask(EventLoop& loop, const kj::Exception& exception)
{
    MP_LOG(loop, Log::Error) << "Uncaught exception in daemonized task.";
    MP_LOG(loop, Log::Error) << kj::str(exception).cStr();
}

Reactor& ReactorOf(EventLoop& loop) { return *loop.m_reactor; }

AsyncCleanup& AsyncCleanupOf(EventLoop& loop) { return *loop.m_async_cleanup; }

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
    MP_LOG(*this, Log::Info) << "EventLoop::loop done, cancelling event listeners.";
    m_task_set.reset();
    MP_LOG(*this, Log::Info) << "EventLoop::loop bye.";
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

void EventLoop::waitForMethods()
{
    if (ServerRequest::isRunning(*this) || m_async_cleanup->isCleanupThread() || isLoopThread()) {
        throw std::logic_error("EventLoop::waitForMethods called by what it would wait for");
    }
    const EventLoopRef ref(*this);
    std::future<void> methods;
    call([&] { methods = m_methods->ended(); });
    methods.wait();
    // The loop is free again after it has released what they held.
    call([] {});
    m_async_cleanup->done().wait();
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
