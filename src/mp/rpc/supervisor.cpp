#include <mp/supervisor.h>

#include "async-cleanup.h"
#include "errors.h"
#include "restart-plan.h"
#include "runtime.h"
#include "spawn-connected.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mp/event-loop.h>
#include <stdexcept>
#include <utility>

namespace mp::detail {

namespace {
using std::chrono::milliseconds;
using Clock = RestartPlan::Clock;

bool Succeeded(const ChildEnd& end) { return end.exit && end.exit->how == MP_EXIT_EXITED && end.exit->value == 0; }
} // namespace

//! Shared with the thread, which may outlive the supervisor.
class SupervisorThread::State
{
public:
    State(EventLoop& loop, SupervisorOptions options, Make make)
        : m_loop(loop), m_options(std::move(options)), m_make(std::move(make)), m_plan(m_options.backoff)
    {
    }

    EventLoop& loop() const { return *m_loop; }
    milliseconds grace() const { return m_options.grace; }

    //! What the thread does.
    void run();
    //! Whether this is the thread: it can't wait for itself.
    bool onThread();
    //! Stop, without waiting for it.
    void requestStop(milliseconds grace);
    void stop(milliseconds grace);

private:
    //! Start the child, and see it to its end.
    //! @param answered  set when the child can be used
    ChildEnd runOnce(std::optional<Clock::time_point>& answered);
    void runChild(Process& process, ChildEnd& end, std::optional<Clock::time_point>& answered);
    void registerChild(const Process& process);
    void terminate(const Process& process, milliseconds grace);
    //! End the child if it is to stop.
    //! @return whether it is
    bool endIfStopped(const Process& process);
    void log(const ChildEnd& end, bool failed);
    //! @return false if it was stopped
    bool pause(milliseconds delay);
    std::optional<milliseconds> stopGrace();
    //! Run fn, and log what it throws.
    template <typename Fn>
    void guard(const char* name, Fn&& fn);

    const EventLoopRef m_loop;
    const SupervisorOptions m_options;
    const Make m_make;
    RestartPlan m_plan;

    Mutex m_mutex;
    std::condition_variable m_cv;
    //! Known here before callbacks are called: the supervisor may still be under construction then.
    std::thread::id m_thread_id MP_GUARDED_BY(m_mutex);
    //! To stop with, if it is to stop.
    std::optional<milliseconds> m_grace MP_GUARDED_BY(m_mutex);
    //! A reference to the child that runs, if one does.
    Process m_process MP_GUARDED_BY(m_mutex);
    //! It was sent SIGTERM.
    bool m_terminated MP_GUARDED_BY(m_mutex){false};
    bool m_ended MP_GUARDED_BY(m_mutex){false};
};

bool SupervisorThread::State::onThread()
{
    const Lock lock(m_mutex);
    return m_thread_id == std::this_thread::get_id();
}

void SupervisorThread::State::run()
{
    {
        const Lock lock(m_mutex);
        m_thread_id = std::this_thread::get_id();
    }
    for (;;) {
        std::optional<Clock::time_point> answered;
        ChildEnd end = runOnce(answered);
        const Clock::time_point now = Clock::now();
        const bool failed = !answered || !Succeeded(end);
        const bool again = m_options.restart == Restart::Always || (m_options.restart == Restart::OnFailure && failed);
        if (again && !stopGrace()) {
            end.restart = m_plan.next(answered ? now - *answered : Clock::duration::zero(), now);
            end.gave_up = !end.restart;
        }
        log(end, failed);
        if (m_options.on_exit) guard("on_exit", [&] { m_options.on_exit(end); });
        if (!end.restart || !pause(*end.restart)) break;
    }
    const Lock lock(m_mutex);
    m_ended = true;
    // Notified under the mutex: who waits may destroy this object.
    m_cv.notify_all();
}

ChildEnd SupervisorThread::State::runOnce(std::optional<Clock::time_point>& answered)
{
    ChildEnd end;
    Process process;
    try {
        runChild(process, end, answered);
    } catch (...) {
        end.reason = CurrentExceptionText();
        // Unless it failed to start, it has been reaped; or it can't be waited for.
        if (process) guard("terminate", [&] { end.exit = process.terminate(milliseconds(0)); });
    }
    const Lock lock(m_mutex);
    m_process = Process();
    return end;
}

void SupervisorThread::State::runChild(Process& process, ChildEnd& end, std::optional<Clock::time_point>& answered)
{
    const SpawnedChild child = SpawnConnected(
        loop(), m_options.spawn, process, [&] { registerChild(process); },
        [&](const std::string& name, Stream stream, FunctionRef<void(Connection&)> connected) {
            Announce announce;
            try {
                announce = m_make(kj::mv(stream), connected);
            } catch (...) {
                // In its grace period, of which SpawnConnected knows nothing.
                endIfStopped(process);
                throw;
            }
            answered = Clock::now();
            MP_LOG(loop(), Log::Info) << "Supervisor: started '" << name << "', process " << process.pid();
            // Here, where the child's end is still watched for: it makes calls.
            if (!stopGrace()) guard("on_start", [&] { announce(process); });
        });
    endIfStopped(process);
    end.exit = process.wait();
    end.reason = "'" + child.name + "' " + Describe(*end.exit);
    // Others may have its socket.
    if (const auto link = child.link.lock()) link->cut();
    // It may still run if its status is lost; without pidfds nobody can end it then.
    if (end.exit->how == MP_EXIT_LOST) guard("terminate", [&] { process.terminate(m_options.grace); });
}

void SupervisorThread::State::registerChild(const Process& process)
{
    {
        const Lock lock(m_mutex);
        m_process = Process(mp_process_ref(process.get()));
    }
    if (endIfStopped(process)) throw std::runtime_error("stopped");
}

bool SupervisorThread::State::endIfStopped(const Process& process)
{
    const std::optional<milliseconds> grace = stopGrace();
    if (grace) terminate(process, *grace);
    return grace.has_value();
}

void SupervisorThread::State::terminate(const Process& process, milliseconds grace)
{
    bool again;
    {
        const Lock lock(m_mutex);
        again = std::exchange(m_terminated, true);
    }
    // Many programs take a second SIGTERM for an order to end at once.
    if (again) {
        if (!process.wait(grace)) process.kill(SIGKILL);
        // One whose status is lost may still run.
        if (process.wait().how != MP_EXIT_LOST) return;
    }
    process.terminate(grace);
}

void SupervisorThread::State::log(const ChildEnd& end, bool failed)
{
    const Log level = end.gave_up ? Log::Error : failed && !stopGrace() ? Log::Warning : Log::Info;
    if (end.restart) {
        MP_LOG(loop(), level) << "Supervisor: " << end.reason << "; starts again in " << end.restart->count() << " ms";
    } else {
        MP_LOG(loop(), level) << "Supervisor: " << end.reason
                              << (end.gave_up ? "; gives up after too many restarts" : "; doesn't start again");
    }
}

bool SupervisorThread::State::pause(milliseconds delay)
{
    Lock lock(m_mutex);
    return !m_cv.wait_for(lock.m_lock, delay, [this]() MP_REQUIRES(m_mutex) { return m_grace.has_value(); });
}

std::optional<milliseconds> SupervisorThread::State::stopGrace()
{
    const Lock lock(m_mutex);
    return m_grace;
}

template <typename Fn>
void SupervisorThread::State::guard(const char* name, Fn&& fn)
{
    try {
        fn();
    } catch (...) {
        MP_LOG(loop(), Log::Error) << "Supervisor: " << name << " threw: " << CurrentExceptionText();
    }
}

void SupervisorThread::State::requestStop(milliseconds grace)
{
    const Lock lock(m_mutex);
    m_grace = std::min(grace, m_grace.value_or(grace));
    m_cv.notify_all();
}

void SupervisorThread::State::stop(milliseconds grace)
{
    requestStop(grace);
    if (onThread()) return;
    Process process;
    {
        const Lock lock(m_mutex);
        process = Process(mp_process_ref(m_process.get()));
    }
    // It is in the thread's way, wherever that is.
    if (process) guard("stop", [&] { terminate(process, grace); });
    Lock lock(m_mutex);
    m_cv.wait(lock.m_lock, [this]() MP_REQUIRES(m_mutex) { return m_ended; });
}

SupervisorThread::SupervisorThread(EventLoop& loop, SupervisorOptions options, Make make)
    : m_state(std::make_shared<State>(loop, std::move(options), std::move(make))),
      m_thread([state = m_state] { state->run(); })
{
}

SupervisorThread::~SupervisorThread()
{
    EventLoop& loop = m_state->loop();
    if (!m_state->onThread() && !loop.isLoopThread()) {
        m_state->stop(m_state->grace());
        m_thread.join();
        return;
    }
    m_state->requestStop(m_state->grace());
    const auto thread = std::make_shared<std::thread>(std::move(m_thread));
    loop.call([&] {
        AsyncCleanupOf(loop).add(thread, [thread, state = m_state] {
            state->stop(state->grace());
            thread->join();
        });
    });
}

void SupervisorThread::stop(milliseconds grace)
{
    if (m_state->loop().isLoopThread()) throw std::logic_error("Supervisor::stop called on the event loop's thread");
    // A callback may destroy this object meanwhile.
    const std::shared_ptr<State> state = m_state;
    state->stop(grace);
}

} // namespace mp::detail
