#ifndef MP_RPC_LEADERSHIP_H
#define MP_RPC_LEADERSHIP_H

#include "port.h"
#include "wake-fd.h"

#include <atomic>
#include <chrono>
#include <kj/io.h>
#include <mp/sync.h>
#include <thread>

namespace mp {

//! Who sleeps on the events of a loop's port, one thread at a time: one that waits for an answer or a request (the
//! leader), else the loop's own thread, else the owner. See doc/design.md, "Who drives the loop".
//!
//! While leaders follow each other quickly, or find events, in a burst, the loop's own thread isn't told whenever there is
//! no leader: the next one comes sooner than it would wake up. It serves what is left a moment after the last one.
class Leadership
{
public:
    explicit Leadership(Port& port);
    Leadership(const Leadership&) = delete;
    Leadership& operator=(const Leadership&) = delete;

    //! Become the leader, if there is none and the loop's own thread serves when nobody leads; while that sleeps on the
    //! port itself, ask it to move. Any thread.
    bool lead();
    //! Become the leader, if nobody else leads or would serve when nobody leads. On the loop's owner, which may lead
    //! already.
    //! @param is_own_thread  whether the owner is the loop's own thread
    bool leadAsOwner(bool is_own_thread);
    //! While it lives, a thread sleeps until it is woken, perhaps because of events: they are served at once, also in a
    //! burst.
    class Follower
    {
    public:
        explicit Follower(Leadership& leadership) : m_leadership(leadership) { leadership.follow(1); }
        ~Follower() { m_leadership.follow(-1); }
        Follower(const Follower&) = delete;
        Follower& operator=(const Follower&) = delete;

    private:
        Leadership& m_leadership;
    };
    //! Have events served soon, also in a burst. Any thread.
    void call() noexcept;

    //! Once for each time that one of these returned true.
    //! @return whether an owner asked in vain, and should ask again
    bool stopLeading();

    //! The loop's own thread is there to serve, or not any more.
    void setRunning(bool running);
    //! The leader has found events. While there are many, that is a burst too.
    void served();
    //! Whether sleep() will return within milliseconds when that goes on no more. Any thread.
    bool bursting() const { return m_bursting.load(); }

    //! Sleep until there is something to serve, or to look at, or a burst has ended. On the loop's own thread.
    //! @param events  to serve; perhaps none
    void sleep(Port::Events& events);

    //! Have the loop's own thread return from sleep(), and checkRequested() say so once. Any thread.
    void requestCheck();
    bool checkRequested() { return m_check_requested.exchange(false); }

private:
    using Clock = std::chrono::steady_clock;

    void follow(int count);
    //! Take events that nobody leads for. On the loop's own thread.
    //! @return whether there are any
    bool look(Port::Events& events) MP_REQUIRES(m_mutex);
    void sleepOnPort(Port::Events& events);
    void sleepOnFallback();
    void arm(bool armed) MP_REQUIRES(m_mutex);
    //! Have the loop's own thread told of events, if nobody leads.
    void armIfUnled() MP_REQUIRES(m_mutex);
    void count() MP_REQUIRES(m_mutex);
    void endBurstAt(Clock::time_point time) MP_REQUIRES(m_mutex);
    void endBurst() MP_REQUIRES(m_mutex);
    bool led() const MP_REQUIRES(m_mutex) { return m_lead_depth > 0; }
    void becomeLeader() MP_REQUIRES(m_mutex);

    Port& m_port;
    //! Readable when there are events and nobody leads (it holds the port's descriptor), or when the loop's own thread
    //! should look around.
    kj::AutoCloseFd m_fallback;
    WakeFd m_wake;
    //! The timer that ends a burst.
    kj::AutoCloseFd m_lull;
    std::atomic<bool> m_check_requested{false};
    //! Changed holding m_mutex.
    std::atomic<bool> m_bursting{false};
    //! There may be events that nobody leads for. Only the loop's own thread uses it.
    bool m_look{false};

    Mutex m_mutex;
    bool m_running MP_GUARDED_BY(m_mutex){false};
    std::thread::id m_leader MP_GUARDED_BY(m_mutex);
    int m_lead_depth MP_GUARDED_BY(m_mutex){0};
    bool m_owner_asks MP_GUARDED_BY(m_mutex){false}; //!< to lead, when nobody does
    //! The loop's own thread sleeps on the port itself.
    bool m_own_thread_leads MP_GUARDED_BY(m_mutex){false};
    bool m_evict_own_thread MP_GUARDED_BY(m_mutex){false};
    int m_followers MP_GUARDED_BY(m_mutex){0};
    int m_unled_looks MP_GUARDED_BY(m_mutex){0};
    bool m_armed MP_GUARDED_BY(m_mutex){true};
    Clock::time_point m_burst_end MP_GUARDED_BY(m_mutex);
    //! Outside of bursts: of leaders, and of what they found.
    int m_count MP_GUARDED_BY(m_mutex){0};
    Clock::time_point m_counted_since MP_GUARDED_BY(m_mutex);
};

} // namespace mp

#endif // MP_RPC_LEADERSHIP_H
