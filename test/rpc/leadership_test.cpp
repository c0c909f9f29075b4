#include <mp/rpc/leadership.h>

#include <atomic>
#include <gtest/gtest.h>
#include <thread>

namespace mp::test {
namespace {

//! A port, and something that happens on it.
class LeadershipTest : public testing::Test, private Port::Idle, private Port::Handler
{
public:
    LeadershipTest() : m_watch(m_port.watch(m_source.fd(), EPOLLIN, *this)) {}
    ~LeadershipTest() noexcept override { m_port.unwatch(m_source.fd(), m_watch); }

protected:
    void happen() { m_source.set(); }
    static void count(std::atomic<int>& counter)
    {
        ++counter;
        counter.notify_all();
    }
    static void await(std::atomic<int>& counter, int value)
    {
        for (int seen = counter; seen < value; seen = counter) counter.wait(seen);
    }
    bool leadsElsewhere()
    {
        bool leads = false;
        std::thread([&] {
            leads = m_leadership.lead();
            if (leads) m_leadership.stopLeading();
        }).join();
        return leads;
    }

    WakeFd m_source;
    Port m_port{*this};
    Leadership m_leadership{m_port};
    std::atomic<int> m_served{0};
    std::atomic<int> m_nudges{0};

private:
    bool serve() override { return false; }
    void sleep(Port::Events& events) override { m_port.sleep(events); }
    void nudged() noexcept override {}
    void ready(uint32_t) override
    {
        m_source.clear();
        count(m_served);
    }

    const uint64_t m_watch;
};

//! The same with the loop's own thread, which serves what nobody else does.
class LeadershipWithOwnThread : public LeadershipTest
{
protected:
    // Not in the constructor: the thread calls virtual functions.
    void SetUp() override
    {
        m_leadership.setRunning(true);
        m_own_thread = std::thread([this] {
            while (!m_leadership.checkRequested()) {
                Port::Events events;
                m_leadership.sleep(events);
                ++m_woken;
                m_port.dispatch(events);
                if (events.nudged) count(m_nudges);
            }
            m_leadership.setRunning(false);
        });
    }
    void TearDown() override
    {
        m_leadership.requestCheck();
        m_own_thread.join();
    }

    //! Until the own thread sleeps on the port itself.
    void serveAlone()
    {
        for (int i = 0; i < 100; ++i) {
            happen();
            await(m_served, i + 1);
        }
    }
    //! The own thread may have to move first.
    void lead()
    {
        while (!m_leadership.lead()) std::this_thread::yield();
    }
    void burst()
    {
        while (!m_leadership.bursting()) {
            lead();
            m_leadership.stopLeading();
        }
    }

    std::atomic<int> m_woken{0};

private:
    std::thread m_own_thread;
};

TEST_F(LeadershipTest, OneThreadLeadsAtATime)
{
    m_leadership.setRunning(true);
    EXPECT_TRUE(m_leadership.lead());
    EXPECT_FALSE(leadsElsewhere());
    EXPECT_FALSE(m_leadership.stopLeading());
    EXPECT_TRUE(leadsElsewhere());
}

TEST_F(LeadershipTest, OnlyTheOwnerLeadsWhenNobodyWouldServeAfterwards)
{
    EXPECT_FALSE(m_leadership.lead());
    EXPECT_TRUE(m_leadership.leadAsOwner(false));
    m_leadership.setRunning(true);
    EXPECT_FALSE(leadsElsewhere());
    EXPECT_FALSE(m_leadership.stopLeading());
    EXPECT_TRUE(leadsElsewhere());
}

TEST_F(LeadershipTest, OwnerIsServedByTheOwnThreadUnlessItIsThat)
{
    m_leadership.setRunning(true);
    EXPECT_FALSE(m_leadership.leadAsOwner(false));
    EXPECT_TRUE(m_leadership.leadAsOwner(true));
    EXPECT_FALSE(leadsElsewhere());
    EXPECT_FALSE(m_leadership.stopLeading());
}

TEST_F(LeadershipTest, OwnerIsToldWhenTheLeaderGoes)
{
    m_leadership.setRunning(true);
    EXPECT_TRUE(m_leadership.lead());
    bool leads = true;
    std::thread([&] { leads = m_leadership.leadAsOwner(true); }).join();
    EXPECT_FALSE(leads);
    EXPECT_TRUE(m_leadership.stopLeading());
    EXPECT_TRUE(m_leadership.leadAsOwner(true));
    EXPECT_FALSE(m_leadership.stopLeading());
}

TEST_F(LeadershipTest, LeaderThatOwnsTheLoopGoesOnLeading)
{
    m_leadership.setRunning(true);
    EXPECT_TRUE(m_leadership.lead());
    EXPECT_TRUE(m_leadership.leadAsOwner(false));
    EXPECT_FALSE(m_leadership.stopLeading());
    EXPECT_FALSE(leadsElsewhere());
    EXPECT_FALSE(m_leadership.stopLeading());
    EXPECT_TRUE(leadsElsewhere());
}

TEST_F(LeadershipTest, SleepHearsAKickOnce)
{
    Port::Events events;
    m_port.kick();
    m_port.sleep(events);
    EXPECT_TRUE(events.kicked);
    EXPECT_FALSE(events.any());
    m_port.look(events);
    EXPECT_FALSE(events.kicked);
}

TEST_F(LeadershipTest, ForgettingAKickKeepsANudge)
{
    Port::Events events;
    m_port.look(events);
    m_port.kick();
    m_port.unkick(events);
    EXPECT_FALSE(events.any());
    m_port.kick();
    m_port.nudge();
    m_port.unkick(events);
    EXPECT_TRUE(events.any());
    m_port.look(events);
    EXPECT_FALSE(events.kicked);
    EXPECT_FALSE(events.any());
}

TEST_F(LeadershipTest, SleepHearsAKickBesideEvents)
{
    Port::Events events;
    happen();
    m_port.nudge();
    m_port.sleep(events);
    EXPECT_TRUE(events.kicked);
    EXPECT_TRUE(events.nudged);
    ASSERT_EQ(events.count, 1);
    m_port.dispatch(events);
    EXPECT_EQ(m_served, 1);
}

TEST_F(LeadershipWithOwnThread, ServesWhenNobodyLeads) { serveAlone(); }

TEST_F(LeadershipWithOwnThread, LeavesEventsToTheLeader)
{
    serveAlone();
    for (int i = 0; i < 100; ++i) {
        lead();
        const int before = m_served;
        happen();
        Port::Events events;
        do {
            m_port.sleep(events);
        } while (events.count == 0); // interrupted, to make way
        EXPECT_EQ(m_served, before);
        m_leadership.stopLeading();
        m_port.dispatch(events);
    }
}

TEST_F(LeadershipWithOwnThread, ServesWhatTheLeaderLeft)
{
    for (int i = 1; i <= 100; ++i) {
        lead();
        happen();
        m_leadership.stopLeading();
        await(m_served, i);
    }
}

TEST_F(LeadershipWithOwnThread, ServesWhatTheLastOfManyLeadersLeft)
{
    for (int i = 1; i <= 20; ++i) {
        burst();
        happen();
        await(m_served, i);
    }
}

TEST_F(LeadershipWithOwnThread, ABurstEndsWhileALeaderSleeps)
{
    burst();
    lead();
    while (m_leadership.bursting()) std::this_thread::yield();
    // Left to the leader, and then not any more.
    happen();
    Port::Events events;
    m_port.look(events);
    EXPECT_EQ(events.count, 1);
    EXPECT_EQ(m_served, 0);
    m_leadership.stopLeading();
    m_port.dispatch(events);
    EXPECT_EQ(m_served, 1);
    happen();
    await(m_served, 2);
}

TEST_F(LeadershipWithOwnThread, ABurstGoesOnWhileLeadersFollow)
{
    burst();
    const int woken = m_woken;
    int leads = 0;
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {
        lead();
        m_leadership.stopLeading();
        ++leads;
        if (!m_leadership.bursting()) break; // this thread was kept from running for milliseconds
    }
    // Only when this thread was kept from running for a moment.
    EXPECT_LE(m_woken - woken, 1 + leads / 100);
}

TEST_F(LeadershipWithOwnThread, ABurstEndsWithIt)
{
    burst();
    m_leadership.setRunning(false);
    EXPECT_FALSE(m_leadership.bursting());
    EXPECT_FALSE(m_leadership.lead());
    m_leadership.setRunning(true);
}

TEST_F(LeadershipWithOwnThread, HearsANudgeWhereverItSleeps)
{
    m_port.nudge();
    await(m_nudges, 1);
    serveAlone();
    m_port.nudge();
    await(m_nudges, 2);
}

} // namespace
} // namespace mp::test
