#include "port.h"

#include "epoll-add.h"
#include "time-left.h"

#include <cerrno>
#include <exception>
#include <kj/debug.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace mp {

namespace {
//! epoll_wait() for a time that isn't rounded to milliseconds, where the system has that.
int WaitUntil(int epoll, epoll_event* events, int max, std::chrono::steady_clock::time_point deadline)
{
    const timespec left = TimeLeft(deadline);
    const int n = epoll_pwait2(epoll, events, max, &left, nullptr);
    if (n >= 0 || (errno != ENOSYS && errno != EPERM)) return n;
    // Rounded up: who wakes up early would only sleep again.
    constexpr time_t MAX_SECONDS = 1'000'000;
    const auto milliseconds = std::min(left.tv_sec, MAX_SECONDS) * 1000 + (left.tv_nsec + 999'999) / 1'000'000;
    return epoll_wait(epoll, events, max, static_cast<int>(milliseconds));
}
} // namespace

Port::Port(Idle& idle) : m_idle(idle), m_clock(kj::systemPreciseMonotonicClock()), m_timer(m_clock.now())
{
    int fd;
    KJ_SYSCALL(fd = epoll_create1(EPOLL_CLOEXEC));
    m_epoll = kj::AutoCloseFd(fd);
    KJ_SYSCALL(fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    m_timer_fd = kj::AutoCloseFd(fd);
    EpollAdd(m_epoll, m_kick.fd(), EPOLLIN, KICK);
    EpollAdd(m_epoll, m_timer_fd, EPOLLIN | EPOLLET, TIMER);
}

Port::~Port() noexcept(false) = default;

uint64_t Port::watch(int fd, uint32_t events, Handler& handler)
{
    if (m_free_slots.empty()) {
        m_free_slots.reserve(m_slots.size() + 1);
        m_slots.push_back(Slot{nullptr, 0});
        m_free_slots.push_back(static_cast<uint32_t>(m_slots.size() - 1));
    }
    const uint32_t index = m_free_slots.back();
    Slot& slot = m_slots[index];
    const uint64_t number = (uint64_t{slot.generation} << 32) | (index + FIRST_SLOT);
    EpollAdd(m_epoll, fd, events | EPOLLET, number);
    m_free_slots.pop_back();
    slot.handler = &handler;
    return number;
}

void Port::rewatch(int fd, uint64_t number, uint32_t events)
{
    epoll_event event{};
    event.events = events | EPOLLET;
    event.data.u64 = number;
    KJ_SYSCALL(epoll_ctl(m_epoll, EPOLL_CTL_MOD, fd, &event), fd);
}

void Port::unwatch(int fd, uint64_t number)
{
    const uint32_t index = static_cast<uint32_t>(number) - FIRST_SLOT;
    Slot& slot = m_slots[index];
    slot.handler = nullptr;
    // Events that a sleeping thread has already collected carry the old generation.
    ++slot.generation;
    m_free_slots.push_back(index);
    epoll_ctl(m_epoll, EPOLL_CTL_DEL, fd, nullptr);
}

void Port::collect(Events& events, Wait wait, const Clock::time_point* deadline) noexcept
{
    const int n = deadline && wait == Wait::Yes ? WaitUntil(m_epoll, events.list, MAX_EVENTS, *deadline)
                                                : epoll_wait(m_epoll, events.list, MAX_EVENTS, wait == Wait::Yes ? -1 : 0);
    // EINTR: the caller looks around and sleeps again. Nothing else can fail on a descriptor of our own.
    events.count = n < 0 ? 0 : n;
}

bool Port::take(Events& events, Wait wait, const Clock::time_point* deadline) noexcept
{
    collect(events, wait, deadline);
    events.kicked = events.nudged = false;
    for (int i = 0; i < events.count; ++i) {
        if (events.list[i].data.u64 != KICK) continue;
        events.list[i] = events.list[--events.count];
        events.kicked = true;
        unkick(events);
        break;
    }
    return events.count > 0 || events.kicked;
}

void Port::sleep(Events& events, const Clock::time_point* deadline) noexcept
{
    m_spin.wait([&] { return take(events, Wait::No, nullptr); }, [&] { take(events, Wait::Yes, deadline); });
}

void Port::unkick(Events& events) noexcept
{
    // In this order: a nudge is either heard here, or its kick comes after the one that is cleared.
    m_kick.clear();
    if (m_nudged.exchange(false)) events.nudged = true;
}

void Port::nudge() const noexcept
{
    m_nudged.store(true);
    kick();
    m_idle.nudged();
}

void Port::dispatch(const Events& events)
{
    std::exception_ptr error;
    for (int i = 0; i < events.count; ++i) {
        const uint64_t number = events.list[i].data.u64;
        if (number == KICK) continue;
        if (number == TIMER) {
            m_armed = nullptr;
            updateTime();
            continue;
        }
        const Slot& slot = m_slots[static_cast<uint32_t>(number) - FIRST_SLOT];
        if (slot.handler == nullptr || slot.generation != number >> 32) continue;
        try {
            slot.handler->ready(events.list[i].events);
        } catch (...) {
            // The other events are announced once only: they are served all the same.
            error = std::current_exception();
        }
    }
    if (error) std::rethrow_exception(error);
}

void Port::dispatchNow()
{
    Events events;
    collect(events, Wait::No, nullptr);
    dispatch(events);
}

void Port::armTimer()
{
    const kj::Maybe<kj::TimePoint> next = m_timer.nextEvent();
    if (next == m_armed) return;
    itimerspec spec{};
    KJ_IF_MAYBE (time, next) {
        // A time that has passed already must still fire, and zero would disarm.
        int64_t ns = (*time - m_clock.now()) / kj::NANOSECONDS;
        if (ns < 1) ns = 1;
        spec.it_value.tv_sec = ns / 1000000000;
        spec.it_value.tv_nsec = ns % 1000000000;
    }
    KJ_SYSCALL(timerfd_settime(m_timer_fd, 0, &spec, nullptr));
    m_armed = next;
}

bool Port::wait()
{
    if (!m_idle.serve()) {
        armTimer();
        Events events;
        m_idle.sleep(events);
        dispatch(events);
    }
    updateTime();
    return m_woken.exchange(false);
}

bool Port::poll()
{
    if (!m_driven) {
        m_idle.serve();
        updateTime();
        dispatchNow();
    }
    return m_woken.exchange(false);
}

void Port::wake() const
{
    m_woken.store(true);
    nudge();
}

} // namespace mp
