#include "reactor.h"

#include "errors.h"
#include "fault.h"

#include <condition_variable>
#include <kj/debug.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace mp {

namespace {
//! Batches of posted work that one thread runs for others before it leaves them to the loop's own thread.
constexpr int MAX_ROUNDS = 64;

constexpr uint64_t FALLBACK_EVENTS = 0;
constexpr uint64_t FALLBACK_DONE = 1;

int CheckFd(int fd, const char* what)
{
    if (fd < 0) {
        const int error = errno;
        KJ_FAIL_SYSCALL("event loop", error, what);
    }
    return fd;
}
} // namespace

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

Reactor::Reactor() : m_port(*this), m_kj_loop(m_port)
{
    m_fallback = kj::AutoCloseFd(CheckFd(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    m_done = kj::AutoCloseFd(CheckFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = FALLBACK_DONE;
    KJ_SYSCALL(epoll_ctl(m_fallback, EPOLL_CTL_ADD, m_done, &event));
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = FALLBACK_EVENTS;
    KJ_SYSCALL(epoll_ctl(m_fallback, EPOLL_CTL_ADD, m_port.fd(), &event));
    m_mutex.lock();
    m_scope.emplace(m_kj_loop);
    m_owner = std::this_thread::get_id();
    m_depth = 1;
}

void Reactor::close()
{
    KJ_ASSERT(owned());
    m_rounds = 0;
    m_scope->cancelAllDetached();
    drive();
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
        m_depth = 1;
        m_port.updateTime();
        return true;
    }
    m_mutex.unlock();
    // Somebody may have relied on this thread while it held the mutex.
    nudge();
    return false;
}

bool Reactor::enter()
{
    if (owned()) {
        ++m_depth;
        return true;
    }
    m_mutex.lock();
    return acquired();
}

void Reactor::leave()
{
    if (m_depth > 1) {
        --m_depth;
        return;
    }
    m_rounds = 0;
    bool left = true;
    while (left) {
        drive();
        // Given up under the posts' mutex: a post either comes before, and is seen here, or its poster finds the loop
        // free.
        const Lock lock(m_post_mutex);
        left = !m_posts.empty();
        if (left && !tired()) continue;
        m_depth = 0;
        endScope();
        m_mutex.unlock();
        break;
    }
    if (left) nudge();
}

bool Reactor::tired() const
{
    // One thread doesn't work for others for ever; the loop's own thread goes on where it stops.
    return m_rounds >= MAX_ROUNDS && std::this_thread::get_id() != m_run_thread;
}

void Reactor::nudge()
{
    // Whoever sleeps wakes up, and runs what was posted; without a leader the kick reaches the thread in run().
    m_port.kick();
}

void Reactor::post(Task task)
{
    bool acquired_mutex = false;
    {
        const Lock lock(m_post_mutex);
        m_posts.push_back(kj::mv(task));
        m_has_posts.store(true, std::memory_order_relaxed);
        if (owned()) return;
        acquired_mutex = m_mutex.try_lock();
        if (!acquired_mutex && m_owner_sleeps && !m_owner_kicked) {
            m_owner_kicked = true;
            m_port.kick(Port::Sleeper::Owner);
        }
    }
    if (acquired_mutex && acquired()) leave();
}

void Reactor::ownerSleeps(bool sleeps)
{
    const Lock lock(m_post_mutex);
    m_owner_sleeps = sleeps;
    if (!sleeps && std::exchange(m_owner_kicked, false)) m_port.unkick(Port::Sleeper::Owner);
}

void Reactor::call(FunctionRef<void()> fn)
{
    if (owned()) {
        fn();
        return;
    }
    CaughtException error;
    auto run = [&] {
        try {
            fn();
        } catch (...) {
            error.capture();
        }
    };
    if (m_mutex.try_lock() && acquired()) {
        const KjScope kj_scope(*this);
        run();
        leave();
    } else {
        std::mutex mutex;
        std::condition_variable done_cv;
        bool done = false;
        post([&] {
            run();
            const std::lock_guard lock(mutex);
            done = true;
            // Notified under the mutex: the waiting thread destroys both.
            done_cv.notify_one();
        });
        std::unique_lock lock(mutex);
        done_cv.wait(lock, [&] { return done; });
    }
    if (error) error.rethrow();
}

void Reactor::needsFlush(Flushable& flushable) { m_flush.push_back(&flushable); }

void Reactor::removeFlush(Flushable& flushable) { std::erase(m_flush, &flushable); }

bool Reactor::runPosts()
{
    if (!m_has_posts.load(std::memory_order_relaxed)) return false;
    if (tired()) return false;
    ++m_rounds;
    std::vector<Task> posts;
    {
        const Lock lock(m_post_mutex);
        posts.swap(m_posts);
        m_has_posts.store(false, std::memory_order_relaxed);
    }
    for (Task& post : posts) guard(post);
    return true;
}

bool Reactor::flush()
{
    if (m_flush.empty()) return false;
    while (!m_flush.empty()) {
        Flushable* flushable = m_flush.back();
        m_flush.pop_back();
        guard([&] { flushable->flush(); });
    }
    return true;
}

bool Reactor::serve()
{
    // One batch: the events that it caused run before what the same threads post next.
    const bool posts = runPosts();
    const bool flushed = flush();
    return posts || flushed;
}

void Reactor::drive()
{
    const KjScope kj_scope(*this);
    m_port.setDriven(true);
    do {
        // Runs KJ's events until there are none left, and calls serve() then.
        guard([this] { m_scope->poll(); });
    } while (serve() || m_kj_loop.isRunnable() || m_port.woken());
    m_port.armTimer();
    m_port.setDriven(false);
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
    post([this, events] { m_port.dispatch(events); });
    return can_own;
}

void Reactor::arm(bool armed)
{
    epoll_event event{};
    event.events = armed ? uint32_t{EPOLLIN | EPOLLONESHOT} : 0;
    event.data.u64 = FALLBACK_EVENTS;
    epoll_ctl(m_fallback, EPOLL_CTL_MOD, m_port.fd(), &event);
}

bool Reactor::lead(Waiter& waiter)
{
    const Lock lock(m_lead_mutex);
    if (!m_running || m_leader) return false;
    m_unled_rounds = 0;
    if (m_loop_thread_leads) {
        // It moves to m_fallback, so that the next one can lead.
        if (!m_evict_loop_thread) {
            m_evict_loop_thread = true;
            m_port.kick();
        }
        return false;
    }
    m_leader = &waiter;
    arm(false);
    return true;
}

void Reactor::stopLeading()
{
    const Lock lock(m_lead_mutex);
    m_leader = nullptr;
    arm(true);
}

void Reactor::wait(Waiter& waiter, Lock& lock, bool may_lead, FunctionRef<bool()> pred)
{
    bool leading = false;
    for (;;) {
        if (!waiter.m_tasks.empty()) {
            if (leading) {
                Unlock(lock, [&] { stopLeading(); });
                leading = false;
                continue; // the function may have been taken back meanwhile
            }
            waiter.runOne(lock);
            continue;
        }
        if (pred()) break;
        if (!leading && may_lead) {
            Unlock(lock, [&] { leading = lead(waiter); });
            if (!MP_FAULT(SleepsWithoutLooking) && (!waiter.m_tasks.empty() || pred())) continue;
        }
        if (!leading) {
            waiter.m_cv.wait(lock.m_lock);
            continue;
        }
        Port::Events events;
        waiter.m_leading = this;
        Unlock(lock, [&] { m_port.sleep(events, -1); });
        waiter.m_leading = nullptr;
        if (std::exchange(waiter.m_kicked, false)) m_port.unkick(Port::Sleeper::Other);
        Unlock(lock, [&] {
            for (int i = 0; i < events.count; ++i) {
                if (Port::isKick(events.list[i])) m_port.unkick();
            }
            if (events.count > 0 && !serveEvents(events)) {
                // The thread has entered a KJ loop of its own since it began to wait.
                may_lead = leading = false;
                stopLeading();
            }
        });
    }
    if (leading) Unlock(lock, [&] { stopLeading(); });
}

void Reactor::wakeLoopThread()
{
    const Lock lock(m_lead_mutex);
    m_check_done.store(true);
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = write(m_done, &one, sizeof(one));
    if (m_loop_thread_leads && !MP_FAULT(LeavesLoopAsleep)) m_port.kick();
}

void Reactor::dropRef()
{
    if (m_refs.fetch_sub(1, std::memory_order_acq_rel) == 1) wakeLoopThread();
}

void Reactor::loopThreadSleep()
{
    //! Rounds in which the loop's own thread served events alone, after which it sleeps on them directly again.
    constexpr int ALONE = 64;
    bool direct = false;
    {
        const Lock lock(m_lead_mutex);
        // Said before this thread slept, while nobody knew where it would.
        if (m_check_done.load()) return;
        m_evict_loop_thread = false;
        direct = m_loop_thread_leads = !m_leader && m_unled_rounds >= ALONE;
    }
    Port::Events events;
    if (direct) {
        m_port.sleep(events, -1);
        for (int i = 0; i < events.count; ++i) {
            if (Port::isKick(events.list[i])) m_port.unkick();
        }
        {
            const Lock lock(m_lead_mutex);
            if (m_evict_loop_thread) {
                m_loop_thread_leads = false;
                arm(true);
            }
        }
        serveEvents(events);
        return;
    }
    epoll_event fallback[2];
    const int n = epoll_wait(m_fallback, fallback, 2, -1);
    for (int i = 0; i < n; ++i) {
        if (fallback[i].data.u64 == FALLBACK_DONE) {
            uint64_t count;
            [[maybe_unused]] const ssize_t size = read(m_done, &count, sizeof(count));
            continue;
        }
        for (;;) {
            {
                const Lock lock(m_lead_mutex);
                if (m_leader) return; // it finds the events
                ++m_unled_rounds;
                m_port.sleep(events, 0);
                for (int e = 0; e < events.count; ++e) {
                    if (Port::isKick(events.list[e])) m_port.unkick();
                }
                if (events.count == 0) {
                    arm(true);
                    break;
                }
            }
            serveEvents(events);
        }
    }
}

void Reactor::run()
{
    KJ_ASSERT(owned());
    m_run_thread = std::this_thread::get_id();
    {
        const Lock lock(m_lead_mutex);
        m_running = true;
    }
    leave();
    for (;;) {
        loopThreadSleep();
        if (m_check_done.exchange(false) && m_refs.load(std::memory_order_acquire) == 0) break;
    }
    {
        const Lock lock(m_lead_mutex);
        m_running = false;
        m_loop_thread_leads = false;
    }
    enter();
}

} // namespace mp
