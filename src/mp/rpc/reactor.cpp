#include "reactor.h"

#include "errors.h"
#include "fault.h"

#include <condition_variable>
#include <kj/debug.h>
#include <utility>

namespace mp {

bool InKjLoop()
{
    kj::EventLoop loop;
    try {
        const kj::WaitScope scope(loop);
        return false;
    } catch (const kj::Exception&) {
        return true;
    }
}

void Reactor::KjScope::onRecoverableException(kj::Exception&& exception)
{
    if (std::uncaught_exceptions() > m_uncaught) {
        next.onRecoverableException(kj::mv(exception));
    } else {
        kj::throwFatalException(kj::mv(exception));
    }
}

void Reactor::KjScope::logMessage(kj::LogSeverity severity, const char* file, int line, int context_depth,
                                  kj::String&& text)
{
    (void)context_depth;
    const Log level = severity == kj::LogSeverity::INFO || severity == kj::LogSeverity::DBG ? Log::Info
                      : severity == kj::LogSeverity::WARNING                               ? Log::Warning
                                                                                           : Log::Error;
    m_reactor.log(level, "kj: ", std::string(file) + ":" + std::to_string(line) + ": " + text.cStr());
}

void Reactor::log(Log level, const char* what, const std::string& text) const noexcept
{
    if (m_log_opts == nullptr || !LogEnabled(*m_log_opts, level)) return;
    try {
        LogEntry(*m_log_opts, level).stream() << "{" << LongThreadName(m_exe_name) << "} " << what << text;
    } catch (...) {
        // A message must not interrupt what it is about.
    }
}

void Reactor::guard(FunctionRef<void()> fn) noexcept
{
    try {
        fn();
    } catch (...) {
        log(Log::Error, "Uncaught exception in event loop: ", CurrentExceptionText());
    }
}

Reactor::Reactor() : m_port(*this), m_kj_loop(m_port), m_leadership(m_port)
{
    m_mutex.lock();
    m_scope.emplace(m_kj_loop);
    m_owner = std::this_thread::get_id();
}

void Reactor::close()
{
    KJ_ASSERT(owned());
    m_scope->cancelAllDetached();
    int rounds = MAX_ROUNDS;
    drive(rounds);
    wakeNow();
    endScope();
    m_mutex.unlock();
}

void Reactor::setOwnerSlot(std::thread::id* slot)
{
    m_owner_slot = slot;
    *slot = m_owner;
}

bool Reactor::beginScope()
{
    try {
        m_scope.emplace(m_kj_loop);
    } catch (const kj::Exception&) {
        return false; // this thread is inside a KJ loop of its own
    }
    const std::thread::id id = std::this_thread::get_id();
    m_owner.store(id, std::memory_order_relaxed);
    if (m_owner_slot) *m_owner_slot = id;
    return true;
}

void Reactor::endScope()
{
    m_scope.reset();
    m_owner.store(std::thread::id(), std::memory_order_relaxed);
}

bool Reactor::acquired()
{
    if (beginScope()) {
        m_port.updateTime();
        return true;
    }
    m_mutex.unlock();
    // Somebody may have relied on this thread while it held the mutex.
    m_port.nudge();
    return false;
}

bool Reactor::enter()
{
    if (!m_mutex.try_lock()) {
        // It doesn't wait for what it can't use.
        if (InKjLoop()) return false;
        m_mutex.lock();
    }
    return acquired();
}

bool Reactor::mayLeave()
{
    try {
        runKj();
        return true;
    } catch (const kj::Exception&) {
        return false;
    }
}

void Reactor::leave(int rounds)
{
    std::optional<WakeUps> wake_ups;
    bool left = true;
    while (left) {
        drive(rounds);
        // Given up under the posts' mutex: a post either comes before, and is seen here, or its poster finds the loop
        // free.
        const Lock lock(m_post_mutex);
        left = !m_events.empty() || !m_tasks.empty() || !m_resumables.empty();
        if (left && rounds > 0) continue;
        endScope();
        wake_ups.emplace(std::move(m_wake_ups));
        m_mutex.unlock();
        break;
    }
    // Whoever sleeps goes on with it.
    if (left) m_port.nudge();
    wake_ups->perform();
}

template <typename Put>
void Reactor::leaveToOwner(const Put& put, int rounds)
{
    bool acquired_mutex = false;
    {
        const Lock lock(m_post_mutex);
        put();
        m_posted.store(true, std::memory_order_relaxed);
        acquired_mutex = m_mutex.try_lock();
        if (!acquired_mutex) wakeOwner();
    }
    if (acquired_mutex && acquired()) leave(rounds);
}

void Reactor::wakeOwner()
{
    m_owner_cv.notify_one();
    // More than it hears in this sleep interrupts the next one, which does no harm.
    if (m_owner_leads) m_port.kick();
}

void Reactor::sleep(Port::Events& events)
{
    if (m_leadership.leadAsOwner(std::this_thread::get_id() == m_run_thread)) {
        {
            Lock lock(m_post_mutex);
            if (m_events.empty()) {
                m_owner_leads = true;
                Unlock(lock, [&] { m_port.sleep(events); });
                m_owner_leads = false;
            }
        }
        stopLeading();
        return;
    }
    // The one that leads posts events.
    Lock lock(m_post_mutex);
    while (m_events.empty() && !m_owner_may_lead) m_owner_cv.wait(lock.m_lock);
    m_owner_may_lead = false;
}

void Reactor::stopLeading()
{
    if (!m_leadership.stopLeading()) return;
    const Lock lock(m_post_mutex);
    m_owner_may_lead = true;
    m_owner_cv.notify_one();
}

bool Reactor::call(FunctionRef<void()> fn)
{
    if (owned()) {
        fn();
        return true;
    }
    CaughtException error;
    auto run = [&] {
        try {
            fn();
        } catch (...) {
            error.capture();
        }
    };
    const bool owns = enter();
    if (owns) {
        const KjScope kj_scope(*this);
        run();
        // What came meanwhile, and the rest is for those that sleep on events: this thread has something else to do.
        leave(CALL_ROUNDS);
    } else {
        std::mutex mutex;
        std::condition_variable done_cv;
        bool done = false;
        leaveToOwner(
            [&]() MP_REQUIRES(m_post_mutex) {
                m_tasks.push_back([&] {
                    run();
                    const std::lock_guard lock(mutex);
                    done = true;
                    // Notified under the mutex: the waiting thread destroys both.
                    done_cv.notify_one();
                });
            },
            CALL_ROUNDS);
        std::unique_lock lock(mutex);
        done_cv.wait(lock, [&] { return done; });
    }
    if (error) error.rethrow();
    return owns;
}

Reactor::Try Reactor::tryCall(FunctionRef<void()> fn)
{
    if (!m_mutex.try_lock()) return InKjLoop() ? Try::Cannot : Try::Busy;
    if (!acquired()) return Try::Cannot;
    {
        const KjScope kj_scope(*this);
        guard(fn);
    }
    leave(CALL_ROUNDS);
    return Try::Ran;
}

void Reactor::post(kj::Function<void()> fn)
{
    leaveToOwner([&]() MP_REQUIRES(m_post_mutex) { m_tasks.push_back(kj::mv(fn)); }, CALL_ROUNDS);
}

void Reactor::needsFlush(Flushable& flushable) { m_flush.push_back(&flushable); }

void Reactor::removeFlush(Flushable& flushable) { std::erase(m_flush, &flushable); }

bool Reactor::runPosted(bool with_tasks)
{
    if (!m_posted.load(std::memory_order_relaxed)) return false;
    std::vector<Port::Events> found;
    std::vector<kj::Function<void()>> tasks;
    {
        const Lock lock(m_post_mutex);
        found.swap(m_events);
        if (with_tasks) tasks.swap(m_tasks);
        m_posted.store(!m_tasks.empty(), std::memory_order_relaxed);
    }
    for (const Port::Events& events : found) guard([&] { m_port.dispatch(events); });
    for (kj::Function<void()>& task : tasks) guard(task);
    return !found.empty() || !tasks.empty();
}

bool Reactor::resume()
{
    if (m_resumables.empty()) return false;
    // This goes on for long.
    wakeNow();
    guard([this] { m_port.dispatchNow(); });
    for (size_t count = m_resumables.size(); count > 0 && !m_resumables.empty(); --count) {
        Resumable* const resumable = m_resumables.front();
        m_resumables.erase(m_resumables.begin());
        guard([&] { resumable->resume(); });
    }
    return true;
}

bool Reactor::hold()
{
    const auto now = std::chrono::steady_clock::now();
    if (!m_held.load()) m_held_since = now;
    // In this order: either the own thread, which ends the burst before it looks, sees that there is something; or this
    // sees that the burst has ended.
    m_held.store(true);
    return m_leadership.bursting() && now - m_held_since < MAX_HELD;
}

bool Reactor::flush()
{
    m_held.store(false);
    m_flush_urgent = false;
    if (m_flush.empty()) return false;
    while (!m_flush.empty()) {
        Flushable* flushable = m_flush.back();
        m_flush.pop_back();
        guard([&] { flushable->flush(); });
    }
    return true;
}

void Reactor::wakeLater(const SleepWord& word)
{
    m_wake_ups.add(word);
    // In this order, as in hold(). The own thread can't help itself.
    if (!m_leadership.bursting() || std::this_thread::get_id() == m_run_thread) wakeNow();
}

void Reactor::catchUp()
{
    if (m_leadership.bursting()) return;
    // The owner may wait for one of these threads.
    if (!MP_FAULT(KeepsWakeUps)) m_wake_ups.perform();
    if (!m_held.load() || MP_FAULT(KeepsHeldOutput)) return;
    // By whoever owns the loop, since it may wait for KJ's events, and then for this thread.
    guard([this] { leaveToOwner([&]() MP_REQUIRES(m_post_mutex) { m_events.emplace_back(); }, MAX_ROUNDS); });
}

bool Reactor::serve()
{
    const bool events = runPosted(false);
    const bool resumed = resume();
    const bool flushed = flush();
    wakeNow();
    return events || resumed || flushed;
}

void Reactor::runKj()
{
    m_port.setDriven(true);
    KJ_DEFER(m_port.setDriven(false));
    m_scope->poll();
}

void Reactor::drive(int& rounds)
{
    const KjScope kj_scope(*this);
    bool more = true;
    while (more) {
        guard([this] { runKj(); });
        // One batch: the events that it caused run before what the same threads post next.
        const bool posted = rounds > 0 && runPosted(true);
        const bool resumed = rounds > 0 && resume();
        // Those that go on and on are served once: this thread may have got something to do itself.
        if (posted || resumed) rounds = resumed || m_mutex.awaited() ? 0 : rounds - 1;
        const bool flushed = !m_flush.empty() && (m_flush_urgent || !hold()) && flush();
        more = posted || resumed || flushed || m_kj_loop.isRunnable() || m_port.woken();
    }
    m_port.armTimer();
}

bool Reactor::serveEvents(const Port::Events& events)
{
    bool can_own = true;
    if (m_mutex.try_lock()) {
        can_own = acquired();
        if (can_own) {
            {
                const KjScope kj_scope(*this);
                guard([&] { m_port.dispatch(events); });
            }
            leave();
            return true;
        }
    }
    leaveToOwner([&]() MP_REQUIRES(m_post_mutex) { m_events.push_back(events); }, MAX_ROUNDS);
    return can_own;
}

bool Reactor::wait(Waiter& waiter, Lock& lock, bool may_lead, FunctionRef<bool()> pred,
                   const Port::Clock::time_point* deadline)
{
    bool leading = false;
    bool satisfied = false;
    for (;;) {
        // Before the next function, whose callers may have no end of them.
        const bool late = deadline && Port::Clock::now() >= *deadline;
        if (!late && waiter.hasWork()) {
            if (leading) {
                Unlock(lock, [&] { stopLeading(); });
                leading = false;
                continue; // the function may have been taken back meanwhile
            }
            waiter.runOne(lock);
            continue;
        }
        satisfied = pred();
        if (satisfied || late) break;
        if (!leading && may_lead) {
            Unlock(lock, [&] { leading = m_leadership.lead(); });
            if (!MP_FAULT(SleepsWithoutLooking) && (waiter.hasWork() || pred())) continue;
        }
        if (!leading) {
            waiter.m_sleep_word.store(1);
            Unlock(lock, [&] {
                const Leadership::Follower follower(m_leadership);
                SleepOn(waiter.m_sleep_word, deadline);
            });
            waiter.m_sleep_word.store(0);
            continue;
        }
        Port::Events events;
        waiter.m_leading = this;
        Unlock(lock, [&] { m_port.sleep(events, deadline); });
        waiter.m_leading = nullptr;
        if (std::exchange(waiter.m_kicked, false) && !events.kicked) m_port.unkick(events);
        Unlock(lock, [&] {
            if (!events.any()) return;
            m_leadership.served();
            if (!serveEvents(events)) {
                // The thread has entered a KJ loop of its own since it began to wait.
                may_lead = leading = false;
                stopLeading();
            }
        });
    }
    if (leading) Unlock(lock, [&] { stopLeading(); });
    return satisfied;
}

void Reactor::dropRef()
{
    if (m_refs.fetch_sub(1, std::memory_order_acq_rel) == 1) m_leadership.requestCheck();
}

void Reactor::run()
{
    KJ_ASSERT(owned());
    m_run_thread = std::this_thread::get_id();
    m_leadership.setRunning(true);
    leave();
    while (!m_leadership.checkRequested() || m_refs.load(std::memory_order_acquire) > 0) {
        Port::Events events;
        m_leadership.sleep(events);
        if (events.any()) serveEvents(events);
        catchUp();
    }
    m_leadership.setRunning(false);
    enter();
}

} // namespace mp
