#ifndef MP_RPC_PORT_H
#define MP_RPC_PORT_H

#include <atomic>
#include <cstdint>
#include <kj/async.h>
#include <kj/io.h>
#include <kj/timer.h>
#include <sys/epoll.h>
#include <vector>

namespace mp {

//! What the kernel reports to an event loop: readiness of descriptors, timers, wake-ups from other threads.
//!
//! Sleeping is separate from serving: sleep() needs no ownership of the loop, so that whoever sleeps doesn't keep
//! others from using it, and dispatch() hands what it found to the handlers. Descriptors are watched edge-triggered.
class Port final : public kj::EventPort
{
public:
    //! Receives the readiness of one descriptor, owning the loop.
    class Handler
    {
    public:
        //! @param events  epoll's bits
        virtual void ready(uint32_t events) = 0;

    protected:
        ~Handler() = default;
    };

    //! What the loop's owner does between two looks at the kernel, apart from KJ's events.
    class Idle
    {
    public:
        //! Run posted functions, send what was written.
        //! @return whether there was anything
        virtual bool serve() = 0;
        //! The owner is about to sleep in wait() (true), or has woken up (false).
        virtual void ownerSleeps(bool sleeps) = 0;

    protected:
        ~Idle() = default;
    };

    static constexpr int MAX_EVENTS = 16;
    struct Events
    {
        int count{0};
        epoll_event list[MAX_EVENTS];
    };

    explicit Port(Idle& idle);
    ~Port() noexcept(false);
    KJ_DISALLOW_COPY(Port);

    //! Have handler told when fd becomes ready. Owning the loop, like unwatch().
    //! @return number of the watch
    uint64_t watch(int fd, uint32_t events, Handler& handler);
    void rewatch(int fd, uint64_t number, uint32_t events);
    void unwatch(int fd, uint64_t number);

    //! Who sleeps: the loop's owner in wait(), or somebody who doesn't own it. Both may at the same time.
    enum class Sleeper { Owner, Other };
    //! Wait for events. Any thread, without owning the loop, but one thread at a time.
    //! @param timeout  milliseconds; 0 looks without waiting, -1 waits for ever
    //! @param who      the kicks that are for the other one are left to it
    void sleep(Events& events, int timeout, Sleeper who = Sleeper::Other) noexcept;

    //! Hand events to their handlers; those of handlers that have gone meanwhile are dropped. Owning the loop.
    //! @throws what a handler throws, after the others
    void dispatch(const Events& events);

    //! Interrupt somebody's sleep(), now or the next one. Any thread.
    void kick() const noexcept;
    //! Forget a kick.
    void unkick() const noexcept;
    //! The same for one of the two, who has to forget the kick when it sleeps no more.
    void kick(Sleeper who) const noexcept;
    void unkick(Sleeper who) const noexcept;
    static bool isKick(const epoll_event& event) { return event.data.u64 == KICK; }

    //! The epoll descriptor, readable when there are events.
    int fd() const { return m_epoll.get(); }

    kj::Timer& timer() { return m_timer; }
    //! Set the timer's clock: delays count from it. Owning the loop, when it was not owned for a while.
    void updateTime() { m_timer.advanceTo(m_clock.now()); }
    //! Let the kernel wake the sleeper for the next timer. Owning the loop, before it sleeps.
    void armTimer();

    //! While set, poll() only says whether wake() was called: the driver does the rest.
    void setDriven(bool driven) { m_driven = driven; }
    //! Whether wake() was called since poll() or wait() last said so.
    bool woken() const { return m_woken.load(std::memory_order_relaxed); }

    // kj::EventPort
    bool wait() override;
    bool poll() override;
    void wake() const override;

private:
    static constexpr uint64_t KICK = 0;
    static constexpr uint64_t TIMER = 1;
    static constexpr uint64_t OWNER_KICK = 2;
    static constexpr uint64_t OTHER_KICK = 3;
    static constexpr uint32_t FIRST_SLOT = 4;

    struct Slot
    {
        Handler* handler;
        uint32_t generation;
    };

    bool look(int timeout);

    Idle& m_idle;
    kj::AutoCloseFd m_epoll;
    kj::AutoCloseFd m_kick;
    kj::AutoCloseFd m_owner_kick;
    kj::AutoCloseFd m_other_kick;
    kj::AutoCloseFd m_timer_fd;
    const kj::MonotonicClock& m_clock;
    kj::TimerImpl m_timer;
    kj::Maybe<kj::TimePoint> m_armed;
    std::vector<Slot> m_slots;
    std::vector<uint32_t> m_free_slots;
    bool m_driven{false};
    mutable std::atomic<bool> m_woken{false};
};

} // namespace mp

#endif // MP_RPC_PORT_H
