// A thread that serves a loop's events while it waits for its end.
#ifndef MP_TEST_RPC_SUPPORT_LEADER_H
#define MP_TEST_RPC_SUPPORT_LEADER_H

#include <mp/rpc/reactor.h>
#include <mp/rpc/runtime.h>
#include <mp/thread-context.h>
#include <rpc/support/signal.h>
#include <thread>

namespace mp::test {

//! On a loop whose own thread doesn't sleep on the events themselves yet, and that nobody else serves.
class Leader
{
public:
    explicit Leader(EventLoop& loop) : m_thread([this, &reactor = ReactorOf(loop)] { wait(reactor); }) {}
    ~Leader()
    {
        m_waiter.signal(m_released);
        m_thread.join();
    }

    //! Wait until it serves.
    [[nodiscard]] bool leads() const { return m_leads.wait(); }
    std::thread::id id() const { return m_thread.get_id(); }

private:
    void wait(Reactor& reactor)
    {
        Lock lock(m_waiter.m_mutex);
        reactor.wait(m_waiter, lock, true, [this, looks = 0]() mutable {
            // It looks before it leads, and before it sleeps.
            if (++looks == 2) m_leads.set();
            return m_released;
        });
    }

    Waiter m_waiter;
    bool m_released{false};
    Signal m_leads;
    std::thread m_thread;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_LEADER_H
