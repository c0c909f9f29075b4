#include "port.h"

#include <cerrno>
#include <exception>
#include <kj/debug.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace mp {

namespace {
void Add(int epoll, int fd, uint32_t events, uint64_t number)
{
    epoll_event event{};
    event.events = events;
    event.data.u64 = number;
    KJ_SYSCALL(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), fd);
}

void Set(int event_fd)
{
    const uint64_t one = 1;
    // Fails only when the counter is full, and then the descriptor is readable anyway.
    [[maybe_unused]] const ssize_t n = write(event_fd, &one, sizeof(one));
}

void Clear(int event_fd)
{
    uint64_t count;
    [[maybe_unused]] const ssize_t n = read(event_fd, &count, sizeof(count));
}

int Check(int fd, const char* what)
{
    if (fd < 0) {
        const int error = errno;
        KJ_FAIL_SYSCALL("event loop", error, what);
    }
    return fd;
}
} // namespace

Port::Port(Idle& idle)
    : m_idle(idle), m_epoll(Check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      m_kick(Check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      m_owner_kick(Check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      m_other_kick(Check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      m_timer_fd(Check(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")),
      m_clock(kj::systemPreciseMonotonicClock()), m_timer(m_clock.now())
{
    // Level-triggered: a kick stays until the one that it is for has seen it.
    Add(m_epoll, m_kick, EPOLLIN, KICK);
    Add(m_epoll, m_owner_kick, EPOLLIN, OWNER_KICK);
    Add(m_epoll, m_other_kick, EPOLLIN, OTHER_KICK);
    Add(m_epoll, m_timer_fd, EPOLLIN | EPOLLET, TIMER);
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
    Add(m_epoll, fd, events | EPOLLET, number);
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

void Port::sleep(Events& events, int timeout, Sleeper who) noexcept
{
    const int n = epoll_wait(m_epoll, events.list, MAX_EVENTS, timeout);
    // EINTR: the caller looks around and sleeps again. Nothing else can fail on a descriptor of our own.
    events.count = n < 0 ? 0 : n;
    const uint64_t not_mine = who == Sleeper::Owner ? OTHER_KICK : OWNER_KICK;
    for (int i = 0; i < events.count; ++i) {
        if (events.list[i].data.u64 != not_mine) continue;
        events.list[i] = events.list[--events.count];
        // The other one is about to wake up, and until it does this thread doesn't sleep.
        sched_yield();
        break;
    }
}

void Port::dispatch(const Events& events)
{
    std::exception_ptr error;
    for (int i = 0; i < events.count; ++i) {
        const uint64_t number = events.list[i].data.u64;
        if (number == KICK || number == OWNER_KICK || number == OTHER_KICK) continue;
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

void Port::kick() const noexcept { Set(m_kick); }

void Port::unkick() const noexcept { Clear(m_kick); }

void Port::kick(Sleeper who) const noexcept { Set(who == Sleeper::Owner ? m_owner_kick : m_other_kick); }

void Port::unkick(Sleeper who) const noexcept { Clear(who == Sleeper::Owner ? m_owner_kick : m_other_kick); }

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

bool Port::look(int timeout)
{
    Events events;
    sleep(events, timeout, Sleeper::Owner);
    for (int i = 0; i < events.count; ++i) {
        if (isKick(events.list[i])) unkick();
    }
    dispatch(events);
    return events.count > 0;
}

bool Port::wait()
{
    // Announced before the last look at what was posted: who posts after that look kicks.
    m_idle.ownerSleeps(true);
    KJ_DEFER(m_idle.ownerSleeps(false));
    if (!m_idle.serve()) {
        armTimer();
        look(-1);
    }
    return m_woken.exchange(false);
}

bool Port::poll()
{
    if (!m_driven) {
        m_idle.serve();
        updateTime();
        look(0);
    }
    return m_woken.exchange(false);
}

void Port::wake() const
{
    m_woken.store(true);
    kick();
}

} // namespace mp
