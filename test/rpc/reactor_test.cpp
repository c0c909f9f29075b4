#include <mp/rpc/reactor.h>

#include <gtest/gtest.h>
#include <rpc/support/bell.h>
#include <rpc/support/leader.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <rpc/support/session.h>
#include <rpc/support/signal.h>

namespace mp::test {
namespace {

// The loop's own thread has a function to run that waits for a promise, while another thread serves, which then leaves.
TEST(ReactorLead, PassesToAnOwnerThatWaits)
{
    Logs logs;
    for (int i = 0; i < 20; ++i) {
        // Its thread doesn't sleep on the events themselves yet: another one can lead at once.
        LoopThread loop_thread(logs.options());
        EventLoop& loop = loop_thread.loop();
        Bell bell(loop);
        std::optional<Leader> leader;
        Signal led;
        bool heard = false;
        std::thread thread([&] {
            kj::EventLoop loop_of_its_own;
            const kj::WaitScope scope(loop_of_its_own);
            loop.sync([&] {
                leader.emplace(loop);
                EXPECT_TRUE(leader->leads());
                led.set();
                heard = bell.hear();
            });
        });
        EXPECT_TRUE(led.wait());
        leader.reset();
        bell.ring();
        thread.join();
        EXPECT_TRUE(heard);
    }
}

//! A thread that waits on a loop until it is told, without serving its events.
class Sleeper
{
public:
    explicit Sleeper(Reactor& reactor) : m_reactor(reactor), m_thread([this] { wait(); }) { EXPECT_TRUE(m_looked.wait()); }
    ~Sleeper() { m_thread.join(); }

    //! Owning the loop.
    void tell() { m_waiter.signal(m_told, &m_reactor); }
    [[nodiscard]] bool wakes() const { return m_woken.wait(); }

private:
    void wait()
    {
        Lock lock(m_waiter.m_mutex);
        m_reactor.wait(m_waiter, lock, /* may_lead= */ false, [&] {
            m_looked.set();
            return m_told;
        });
        m_woken.set();
    }

    Reactor& m_reactor;
    Waiter m_waiter;
    bool m_told{false};
    Signal m_looked;
    Signal m_woken;
    std::thread m_thread;
};

// Threads are woken when the loop is given up. An owner that waits for one of them first must not wait for ever.
TEST(ReactorWakes, ThreadsThatTheOwnerWaitsFor)
{
    Session session;
    Reactor& reactor = ReactorOf(session.clientLoop());
    for (int i = 0; i < 20; ++i) {
        Sleeper sleeper(reactor);
        // Calls that follow each other.
        for (int j = 0; j < 50; ++j) session.client->add(1, 2);
        reactor.call([&] {
            sleeper.tell();
            EXPECT_TRUE(sleeper.wakes());
        });
    }
}

// The same when another burst has begun while the owner had the loop, and output was held in the first one.
TEST(ReactorWakes, ThreadsThatTheOwnerWaitsForInALaterBurst)
{
    Session session;
    Reactor& reactor = ReactorOf(session.clientLoop());
    Sleeper sleeper(reactor);
    for (int i = 0; i < 50; ++i) session.client->add(1, 2);
    reactor.call([&] {
        // Time for the first burst to end.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        Leader leader(session.clientLoop());
        EXPECT_TRUE(leader.leads());
        const auto start = std::chrono::steady_clock::now();
        // What the leader finds is a burst too.
        while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(5)) reactor.port().nudge();
        sleeper.tell();
        EXPECT_TRUE(sleeper.wakes());
    });
}

} // namespace
} // namespace mp::test
