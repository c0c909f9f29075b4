#include "leadership.h"

#include "fault.h"

#include <kj/debug.h>
#include <sys/epoll.h>
#include <utility>

namespace mp {

namespace {
//! Looks of the loop's own thread for events that nobody led for, after which it sleeps on them directly.
constexpr int ALONE = 64;

constexpr uint64_t FALLBACK_EVENTS = 0;
constexpr uint64_t FALLBACK_WAKE = 1;
} // namespace

Leadership::Leadership(Port& port) : m_port(port)
{
    int fd;
    KJ_SYSCALL(fd = epoll_create1(EPOLL_CLOEXEC));
    m_fallback = kj::AutoCloseFd(fd);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = FALLBACK_WAKE;
    KJ_SYSCALL(epoll_ctl(m_fallback, EPOLL_CTL_ADD, m_wake.fd(), &event));
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = FALLBACK_EVENTS;
    KJ_SYSCALL(epoll_ctl(m_fallback, EPOLL_CTL_ADD, m_port.fd(), &event));
}

void Leadership::arm(bool armed)
{
    epoll_event event{};
    event.events = armed ? uint32_t{EPOLLIN | EPOLLONESHOT} : 0;
    event.data.u64 = FALLBACK_EVENTS;
    epoll_ctl(m_fallback, EPOLL_CTL_MOD, m_port.fd(), &event);
}

void Leadership::becomeLeader()
{
    m_leader = std::this_thread::get_id();
    m_lead_depth = 1;
    arm(false);
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
    if (m_running && !is_own_thread) return false;
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
    arm(true);
    return std::exchange(m_owner_asks, false);
}

void Leadership::setRunning(bool running)
{
    const Lock lock(m_mutex);
    m_running = running;
    m_own_thread_leads = false;
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
        if (m_look && look(events)) return;
        m_evict_own_thread = false;
        direct = m_own_thread_leads = !led() && m_unled_looks >= ALONE;
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
    epoll_event events[2];
    const int n = epoll_wait(m_fallback, events, 2, -1);
    for (int i = 0; i < n; ++i) {
        if (events[i].data.u64 == FALLBACK_EVENTS) {
            m_look = true;
        } else {
            m_wake.clear();
        }
    }
}

} // namespace mp
