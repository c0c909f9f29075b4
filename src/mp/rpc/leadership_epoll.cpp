#include "leadership.h"

#include "epoll-add.h"
#include "fault.h"

#include <kj/debug.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <utility>

namespace mp {

namespace {
//! Looks of the loop's own thread for events that nobody led for, after which it sleeps on them directly.
constexpr int ALONE = 64;

//! So many leaders, or times that one finds events, within that time begin a burst.
constexpr int BURST = 8;
constexpr std::chrono::milliseconds BURST_TIME{1};
//! It ends when there was none for between one and so many milliseconds.
constexpr std::chrono::milliseconds LULL{5};
//! The end is put off so shortly before. Setting a timer may take longer than a call (20 µs on a virtual machine): less
//! than one call in a hundred should have to.
constexpr std::chrono::milliseconds LAST_MOMENT{1};

constexpr uint64_t FALLBACK_EVENTS = 0;
constexpr uint64_t FALLBACK_WAKE = 1;
constexpr uint64_t FALLBACK_LULL = 2;
} // namespace

Leadership::Leadership(Port& port) : m_port(port)
{
    int fd;
    KJ_SYSCALL(fd = epoll_create1(EPOLL_CLOEXEC));
    m_fallback = kj::AutoCloseFd(fd);
    KJ_SYSCALL(fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    m_lull = kj::AutoCloseFd(fd);
    EpollAdd(m_fallback, m_wake.fd(), EPOLLIN, FALLBACK_WAKE);
    EpollAdd(m_fallback, m_lull, EPOLLIN | EPOLLET, FALLBACK_LULL);
    EpollAdd(m_fallback, m_port.fd(), EPOLLIN | EPOLLONESHOT, FALLBACK_EVENTS);
}

void Leadership::arm(bool armed)
{
    epoll_event event{};
    event.events = armed ? uint32_t{EPOLLIN | EPOLLONESHOT} : 0;
    event.data.u64 = FALLBACK_EVENTS;
    epoll_ctl(m_fallback, EPOLL_CTL_MOD, m_port.fd(), &event);
    m_armed = armed;
}

void Leadership::served()
{
    const Lock lock(m_mutex);
    count();
}

void Leadership::count()
{
    const Clock::time_point now = Clock::now();
    if (bursting()) {
        if (m_burst_end - now < LAST_MOMENT) endBurstAt(now + LULL);
        return;
    }
    if (now - m_counted_since > BURST_TIME) {
        m_counted_since = now;
        m_count = 0;
    }
    if (++m_count < BURST || !m_running) return;
    endBurstAt(now + LULL);
    m_bursting.store(true);
}

void Leadership::endBurstAt(Clock::time_point time)
{
    itimerspec spec{};
    spec.it_value.tv_nsec = std::chrono::nanoseconds(LULL).count();
    // Nothing of a timer's own can be wrong.
    timerfd_settime(m_lull, 0, &spec, nullptr);
    m_burst_end = time;
}

void Leadership::endBurst()
{
    if (!bursting()) return;
    m_bursting.store(false);
    m_count = 0;
    if (!led()) arm(true);
}

void Leadership::becomeLeader()
{
    m_leader = std::this_thread::get_id();
    m_lead_depth = 1;
    if (m_armed) arm(false);
}

void Leadership::armIfUnled()
{
    if (!led() && !m_armed) arm(true);
}

void Leadership::follow(int count)
{
    const Lock lock(m_mutex);
    m_followers += count;
    if (count > 0) armIfUnled();
}

void Leadership::call() noexcept
{
    const Lock lock(m_mutex);
    armIfUnled();
}

bool Leadership::lead()
{
    const Lock lock(m_mutex);
    if (!m_running || led()) return false;
    m_unled_looks = 0;
    if (m_own_thread_leads) {
        // It moves to m_fallback, so that the next one can lead.
        if (!m_evict_own_thread) {
            m_evict_own_thread = true;
            m_port.kick();
        }
        return false;
    }
    becomeLeader();
    return true;
}

bool Leadership::leadAsOwner(bool is_own_thread)
{
    const Lock lock(m_mutex);
    if (led() && m_leader == std::this_thread::get_id()) {
        ++m_lead_depth;
        return true;
    }
    if (m_running && !is_own_thread) {
        armIfUnled();
        return false;
    }
    m_owner_asks = led();
    if (led()) return false;
    m_own_thread_leads = false;
    becomeLeader();
    return true;
}

bool Leadership::stopLeading()
{
    const Lock lock(m_mutex);
    if (--m_lead_depth > 0) return false;
    count();
    if (!bursting() || m_followers > 0) arm(true);
    return std::exchange(m_owner_asks, false);
}

void Leadership::setRunning(bool running)
{
    const Lock lock(m_mutex);
    m_running = running;
    m_own_thread_leads = false;
    endBurst();
}

void Leadership::requestCheck()
{
    const Lock lock(m_mutex);
    m_check_requested.store(true);
    m_wake.set();
    if (m_own_thread_leads && !MP_FAULT(LeavesLoopAsleep)) m_port.kick();
}

bool Leadership::look(Port::Events& events)
{
    m_look = !led();
    if (led()) return false; // the leader finds the events
    ++m_unled_looks;
    m_port.look(events);
    if (events.any()) return true;
    m_look = false;
    arm(true);
    return false;
}

void Leadership::sleep(Port::Events& events)
{
    events = {};
    bool direct = false;
    {
        const Lock lock(m_mutex);
        // Said before this thread slept, while nobody knew where it would.
        if (m_check_requested.load()) return;
        // Its timer may have been put off at the last moment.
        if (bursting() && Clock::now() >= m_burst_end) {
            endBurst();
            return;
        }
        if (m_look && look(events)) return;
        m_evict_own_thread = false;
        // The end of a burst is heard elsewhere.
        direct = m_own_thread_leads = !led() && !bursting() && m_unled_looks >= ALONE;
    }
    if (direct) {
        sleepOnPort(events);
    } else {
        sleepOnFallback();
    }
}

void Leadership::sleepOnPort(Port::Events& events)
{
    m_port.sleep(events);
    const Lock lock(m_mutex);
    if (!m_evict_own_thread) return;
    m_own_thread_leads = false;
    arm(true);
}

void Leadership::sleepOnFallback()
{
    epoll_event events[3];
    const int n = epoll_wait(m_fallback, events, 3, -1);
    for (int i = 0; i < n; ++i) {
        switch (events[i].data.u64) {
        case FALLBACK_EVENTS: m_look = true; break;
        case FALLBACK_WAKE: m_wake.clear(); break;
        case FALLBACK_LULL: break; // the next sleep() ends the burst
        }
    }
}

} // namespace mp
