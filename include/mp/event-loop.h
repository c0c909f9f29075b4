#ifndef MP_EVENT_LOOP_H
#define MP_EVENT_LOOP_H

#include <chrono>
#include <functional>
#include <kj/async-io.h>
#include <kj/function.h>
#include <list>
#include <memory>
#include <mp/function-ref.h>
#include <mp/limits.h>
#include <mp/log.h>
#include <mp/peer.h>
#include <mp/proxy.capnp.h>
#include <mp/proxy.h>
#include <optional>
#include <thread>

namespace mp {

class AsyncCleanup;
struct IncomingCall;
class InFlight;
class LoopPool;
class OutputLog;
class Reactor;

kj::Promise<void> ServeOnThread(const IncomingCall& call, ::capnp::Capability::Client self, Context::Reader context);

//! An event loop: the one place where connections, capabilities and promises live.
//!
//! At each moment at most one thread owns the loop and may touch them. That thread is "the loop thread" as long as it
//! does. The thread that called loop() serves events while no other thread does; a thread that waits for the answer to
//! a call serves them itself, and a thread that has work for the loop waits until it is free and does it itself. So no
//! work needs to be handed to another thread, and nobody is woken but who has something to do. See doc/design.md.
class EventLoop
{
public:
    //! @param exe_name  leads thread names; not copied, must outlive the loop
    //! @param context   the application's, kept in m_context
    //! The constructing thread owns the loop until it calls loop().
    EventLoop(const char* exe_name, LogFn log_fn, void* context = nullptr)
        : EventLoop(exe_name, LogOptions{std::move(log_fn)}, context)
    {
    }
    EventLoop(const char* exe_name, LogOptions log_opts, void* context = nullptr);
    //! For log functions of the older form: first argument true for Log::Raise.
    EventLoop(const char* exe_name, std::function<void(bool, std::string)> old_callback, void* context = nullptr)
        : EventLoop(exe_name,
                    LogFn{[old_callback = std::move(old_callback)](LogMessage log) {
                        old_callback(log.level == Log::Raise, std::move(log.message));
                    }},
                    context)
    {
    }
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    //! On the loop thread, after loop() returned, or when it was never called and nothing refers to the loop.
    ~EventLoop();

    //! Serve events until a first reference was taken and the last one is gone, and all cleanup functions ran. Once,
    //! on the thread that made the loop.
    void loop();

    //! Run fn owning the loop, and wait for it: at once on the loop thread, else when the loop is free. On this thread,
    //! unless that is inside a KJ loop of its own: then on any. fn may wait for promises of KJ's; it keeps the loop
    //! meanwhile. An exception of fn is thrown here on the loop thread, and logged otherwise.
    void post(kj::Function<void()> fn);

    //! The same for any callable, by reference.
    template <typename Callable>
    void sync(Callable&& callable)
    {
        post([&callable]() { callable(); });
    }

    //! Run fn owning the loop, and wait for it, like post(); but its exceptions are thrown here whatever the thread.
    void call(FunctionRef<void()> fn);

    //! Run fn on a cleanup thread, after those added here before. Owning the loop.
    void addAsyncCleanup(std::function<void()> fn);

    //! Wait until the methods that run now on threads of this process, or wait for their turn, have ended, and until
    //! the objects that they and closed connections have left behind are destroyed. Close the connections first, and
    //! nothing that the peers reached is in use afterwards; while one is open, a peer that doesn't read its answers can
    //! make this last.
    //! @throws std::logic_error on the loop thread, in a method and in a cleanup function, which it would wait for
    void waitForMethods();

    //! The same for so long at most.
    //! @return whether all have ended
    bool waitForMethods(std::chrono::nanoseconds timeout);

    //! Have up to so many threads run the calls that name no thread, over connections whose peers have made no pool of
    //! their own, and those of methods with the annotation $Proxy.pool. Connections take turns. A method that waits for
    //! another one that needs the pool holds its thread meanwhile. Threads are started when they are needed, and stay. 0,
    //! the default: such calls are refused. Owning the loop.
    void setPool(size_t max_threads);

    //! Drain all connections, and wait until they have ended, methods too, and until what they leave behind is destroyed;
    //! for so long at most. Listening sockets are closed, and connections that are made from now on take no calls. What is
    //! left when the time is up is interrupted; methods that don't notice run on: see waitForMethods(). Objects of this
    //! process that refer to others', and supervisors, are the application's to destroy; loop() returns after that.
    //! @return whether all calls were answered, and all has ended
    //! @throws std::logic_error as waitForMethods() does
    bool shutdown(std::chrono::nanoseconds timeout);

    //! Have peers told the version of this application, and look at what they say of themselves. Before the first
    //! connection is made, and owning the loop.
    //! @param check  called owning the loop, once for each connection over which a ThreadMap was exchanged and whose
    //! peer's library knows of versions; nothing waits for that, and calls may come before it. What it throws ends the
    //! connection: calls in progress on both sides fail with that text, and both sides log it as a warning.
    void setAppVersion(uint64_t version, PeerCheck check = {});

    //! What each peer may make this process hold, over connections made from now on. Owning the loop.
    void setLimits(const Limits& limits) { m_limits = limits; }
    const Limits& limits() const { return m_limits; }

    //! Whether this thread owns the loop.
    bool isLoopThread() const;

    //! The first members, since what follows is destroyed before them.
    const char* m_exe_name;
    //! The thread that owns the loop now.
    std::thread::id m_thread_id;

private:
    using TimePoint = std::chrono::steady_clock::time_point;
    friend class EventLoopRef;
    friend class Connection;
    friend class ServerRequest;
    friend kj::Promise<void> ServeOnThread(const IncomingCall& call, ::capnp::Capability::Client self,
                                           Context::Reader context);
    friend Reactor& ReactorOf(EventLoop& loop);
    friend AsyncCleanup& AsyncCleanupOf(EventLoop& loop);
    friend std::list<std::function<void()>>::iterator AddShutdownHook(EventLoop& loop, std::function<void()> fn);
    friend void RemoveShutdownHook(EventLoop& loop, std::list<std::function<void()>>::iterator hook);
    friend OutputLog& OutputLogOf(EventLoop& loop);

    std::shared_ptr<Reactor> m_reactor;

public:
    kj::AsyncIoContext m_io_context;
    kj::Own<kj::TaskSet::ErrorHandler> m_task_errors;
    //! Promises that the loop works on; those left are cancelled when loop() returns.
    std::unique_ptr<kj::TaskSet> m_task_set;
    //! Connections made by ServeStream and ListenConnections.
    std::list<Connection> m_incoming_connections;
    LogOptions m_log_opts;
    void* m_context;

    // Called, where set, at the moments that tests need.
    std::function<void()> testing_hook_makethread;
    std::function<void()> testing_hook_makethread_created;
    std::function<void()> testing_hook_async_request_start;
    std::function<void()> testing_hook_async_request_done;
    std::function<void()> testing_hook_connected;
    std::function<void()> testing_hook_disconnected;

private:
    std::unique_ptr<AsyncCleanup> m_async_cleanup;
    //! Methods that threads run, or are to run.
    std::unique_ptr<InFlight> m_methods;
    std::unique_ptr<OutputLog> m_output_log;
    std::unique_ptr<LoopPool> m_pool;
    uint64_t m_app_version{0};
    PeerCheck m_check_peer;
    Limits m_limits;
    std::list<Connection*> m_connections;
    //! shutdown() was called.
    bool m_shutdown{false};
    std::list<std::function<void()>> m_shutdown_hooks;

    //! @throws std::logic_error in what the function would wait for
    void checkMayWait(const char* function);
    //! @return whether they have by then
    bool waitForMethodsUntil(TimePoint deadline);
};

//! Wrap an open socket, whose descriptor it takes over, into a stream of the loop. Any thread; but the stream is used
//! and destroyed only by the owner of the loop.
//! @throws kj::Exception when the descriptor is no socket; it is closed then
Stream MakeStream(EventLoop& loop, SocketId socket);

//! The same for two descriptors, pipes or sockets, one for each direction.
Stream MakeStream(EventLoop& loop, SocketId input, SocketId output);

} // namespace mp

#endif // MP_EVENT_LOOP_H
