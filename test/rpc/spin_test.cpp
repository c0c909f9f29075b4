#include <mp/rpc/spin.h>

#include <gtest/gtest.h>
#include <sched.h>

namespace mp::test {
namespace {

//! Passes only when somebody looks: a busy machine's time would be another one in each run.
Spin::Clock::time_point g_now{std::chrono::hours(1)};

struct Looks
{
    Spin& spin;
    //! How long one takes.
    Spin::Clock::duration time{std::chrono::microseconds(1)};
    //! Whether it looked before it slept.
    bool inVain()
    {
        int looks = 0;
        spin.wait([&] { return look(++looks < 0); }, [] {});
        return looks > 0;
    }
    bool slept(int when)
    {
        bool slept = false;
        int looks = 0;
        spin.wait([&] { return look(++looks == when); }, [&] { slept = true; });
        return slept;
    }
    bool look(bool found) const
    {
        g_now += time;
        return found;
    }
};

cpu_set_t Processors()
{
    cpu_set_t set;
    EXPECT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
    return set;
}

class SpinTest : public testing::Test
{
protected:
    void SetUp() override
    {
        const cpu_set_t set = Processors();
        if (CPU_COUNT(&set) == 1) GTEST_SKIP() << "there is one processor only";
    }

    Spin m_spin{[] { return g_now; }};
    Looks m_looks{m_spin};
};

TEST_F(SpinTest, DoesNotSleepIfItFindsSomething)
{
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(m_looks.slept(1));
}

TEST_F(SpinTest, StopsWhenItFindsNothing)
{
    for (int i = 0; i < Spin::MISSES; ++i) EXPECT_TRUE(m_looks.inVain()) << i;
    for (int i = 0; i < Spin::FIRST_PAUSE; ++i) EXPECT_FALSE(m_looks.inVain()) << i;
}

TEST_F(SpinTest, TriesAgainAfterGrowingPauses)
{
    for (int i = 0; i < Spin::MISSES; ++i) m_looks.inVain();
    for (int pause = Spin::FIRST_PAUSE; pause <= Spin::LAST_PAUSE; pause *= 2) {
        for (int i = 0; i < pause; ++i) ASSERT_FALSE(m_looks.inVain()) << pause << ' ' << i;
        ASSERT_TRUE(m_looks.inVain()) << pause;
    }
    for (int i = 0; i < Spin::LAST_PAUSE; ++i) ASSERT_FALSE(m_looks.inVain()) << i;
    // Found, by the next try: it begins anew.
    EXPECT_FALSE(m_looks.slept(1));
    for (int i = 0; i < Spin::MISSES; ++i) EXPECT_TRUE(m_looks.inVain()) << i;
    for (int i = 0; i < Spin::FIRST_PAUSE; ++i) EXPECT_FALSE(m_looks.inVain()) << i;
    EXPECT_TRUE(m_looks.inVain());
}

TEST_F(SpinTest, StopsForAWhileWhenItsProcessorIsTaken)
{
    Looks taken{m_spin, Spin::TIME_SLICE + std::chrono::microseconds(1)};
    std::chrono::microseconds time = Spin::FIRST_BUSY_TIME;
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(taken.inVain()) << i;
        EXPECT_FALSE(m_looks.inVain()) << i;
        g_now += time / 2;
        EXPECT_FALSE(m_looks.inVain()) << i;
        g_now += time / 2;
        EXPECT_FALSE(m_looks.slept(1)) << i;
        time = std::min<std::chrono::microseconds>(2 * time, Spin::LAST_BUSY_TIME);
    }
    // Not again for a long time: this was something else.
    g_now += std::chrono::seconds(1);
    EXPECT_TRUE(taken.inVain());
    g_now += Spin::FIRST_BUSY_TIME;
    EXPECT_FALSE(m_looks.slept(1));
}

TEST_F(SpinTest, NeverLooksOnTheOnlyProcessor)
{
    const cpu_set_t all = Processors();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    Spin spin;
    sched_setaffinity(0, sizeof(all), &all);
    EXPECT_FALSE(Looks{spin}.inVain());
}

} // namespace
} // namespace mp::test
