#ifndef MP_RPC_PORT_H
#define MP_RPC_PORT_H

#include "spin.h"
#include "wake-fd.h"

#include <atomic>
#include <chrono>
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
//! others from using it, and dispatch() hands what it found to the handlers. One thread sleeps at a time: descriptors are
//! watched edge-triggered, and a kick is for whoever sleeps. See Leadership.
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

    static constexpr int MAX_EVENTS = 16;
    struct Events
    {
        //! Whether there is anything to serve.
        bool any() const { return count > 0 || nudged; }

        int count{0};
        epoll_event list[MAX_EVENTS];
        bool kicked{false}; //!< the sleep was interrupted
        bool nudged{false};
    };

    //! What the loop's owner does when KJ has no event to run.
    class Idle
    {
    public:
        //! Dispatch events that others have found, send what was written.
        //! @return whether there was anything
        virtual bool serve() = 0;
        //! Sleep until there may be something to do.
        //! @param events  to dispatch; perhaps none
        virtual void sleep(Events& events) = 0;
        //! nudge() was called. Any thread.
        virtual void nudged() noexcept = 0;

    protected:
        ~Idle() = default;
    };

    explicit Port(Idle& idle);
    ~Port() noexcept(false);
    KJ_DISALLOW_COPY(Port);

    //! Have handler told when fd becomes ready. Owning the loop, like unwatch().
    //! @return number of the watch
    uint64_t watch(int fd, uint32_t events, Handler& handler);
    void rewatch(int fd, uint64_t number, uint32_t events);
    void unwatch(int fd, uint64_t number);

    using Clock = std::chrono::steady_clock;

    //! Wait for events. Any thread, without owning the loop, but one thread at a time.
    //! @param deadline  null: for ever
    void sleep(Events& events, const Clock::time_point* deadline = nullptr) noexcept;
    //! The same without waiting.
    void look(Events& events) noexcept { take(events, Wait::No, nullptr); }
    //! Interrupt sleep(), now or the next one. Any thread.
    void kick() const noexcept { m_kick.set(); }
    //! Forget a kick that sleep() hasn't heard. By the thread that slept.
    //! @param events  what it found; a nudge that came with the kick is added
    void unkick(Events& events) noexcept;
    //! Interrupt sleep(), and have the loop served even if there are no events. Any thread.
    void nudge() const noexcept;

    //! Hand events to their handlers; those of handlers that have gone meanwhile are dropped. Owning the loop.
    //! @throws what a handler throws, after the others
    void dispatch(const Events& events);
    //! Dispatch what the kernel has now. Others may sleep meanwhile: a kick is left to them. Owning the loop.
    //! @throws like dispatch()
    void dispatchNow();

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
    static constexpr uint32_t FIRST_SLOT = 2;

    struct Slot
    {
        Handler* handler;
        uint32_t generation;
    };

    enum class Wait { No, Yes };
    //! What the kernel has, kicks included.
    void collect(Events& events, Wait wait, const Clock::time_point* deadline) noexcept;
    //! The same; a kick is heard.
    //! @return whether there was anything
    bool take(Events& events, Wait wait, const Clock::time_point* deadline) noexcept;

    Idle& m_idle;
    kj::AutoCloseFd m_epoll;
    //! Watched level-triggered: it stays until the one that sleeps has heard it.
    WakeFd m_kick;
    mutable std::atomic<bool> m_nudged{false};
    //! Used by whoever sleeps.
    Spin m_spin;
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
