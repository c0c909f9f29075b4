#include <gtest/gtest.h>

#include <cmath>
#include <mp/rpc/restart-plan.h>
#include <stdexcept>
#include <vector>

namespace mp::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

//! Ends of children, with a clock of their own.
class Ends
{
public:
    explicit Ends(const Backoff& backoff) : m_plan(backoff) {}

    //! Time passes, and a child that ran for the last part of it ends.
    std::optional<milliseconds> after(milliseconds passed, milliseconds ran = 0ms)
    {
        m_now += passed;
        return m_plan.next(ran, m_now);
    }
    std::vector<int64_t> delays(size_t count)
    {
        std::vector<int64_t> delays;
        for (size_t i = 0; i < count; ++i) delays.push_back(after(0ms).value().count());
        return delays;
    }

private:
    RestartPlan m_plan;
    RestartPlan::Clock::time_point m_now{1h};
};

using Delays = std::vector<int64_t>;

TEST(RestartPlan, WaitsLongerEachTime)
{
    EXPECT_EQ(Ends({.initial = 100ms, .factor = 2, .max = 1s}).delays(6), (Delays{100, 200, 400, 800, 1000, 1000}));
    EXPECT_EQ(Ends({.initial = 10ms, .factor = 1.5, .max = 30ms}).delays(4), (Delays{10, 15, 22, 30}));
    EXPECT_EQ(Ends({.initial = 1ms, .factor = 1.5, .max = 1s}).delays(6), (Delays{1, 1, 2, 3, 5, 7}));
    EXPECT_EQ(Ends({.initial = 10ms, .factor = 1, .max = 1s}).delays(3), (Delays{10, 10, 10}));
    EXPECT_EQ(Ends({.initial = 0ms, .factor = 2, .max = 0ms}).delays(3), (Delays{0, 0, 0}));
    EXPECT_EQ(Ends({.initial = 0ms, .factor = HUGE_VAL, .max = 5ms}).delays(3), (Delays{0, 5, 5}));
}

TEST(RestartPlan, ForgetsFailuresOfAChildThatRanLong)
{
    Ends ends({.initial = 100ms, .factor = 2, .max = 1h, .reset_after = 10s});
    EXPECT_EQ(ends.delays(3), (Delays{100, 200, 400}));
    EXPECT_EQ(ends.after(10s, 10s - 1ms), 800ms);
    EXPECT_EQ(ends.after(10s, 10s), 100ms);
    EXPECT_EQ(ends.after(0ms), 200ms);
}

TEST(RestartPlan, GivesUpAfterTooManyInTheWindow)
{
    Ends ends({.initial = 1ms, .factor = 1, .max_restarts = 3, .window = 10s});
    EXPECT_TRUE(ends.after(0s));
    EXPECT_TRUE(ends.after(4s));
    EXPECT_TRUE(ends.after(4s));
    EXPECT_FALSE(ends.after(1s));
    // The first one has left the window, and then the second one.
    EXPECT_TRUE(ends.after(1s));
    EXPECT_FALSE(ends.after(3s));
    EXPECT_TRUE(ends.after(1s));
}

TEST(RestartPlan, MayAllowNone) { EXPECT_FALSE(Ends({.max_restarts = 0}).after(1h, 1h)); }

TEST(RestartPlan, StandsAnyTimes)
{
    constexpr milliseconds FOREVER = milliseconds::max();
    Ends ends({.initial = FOREVER,
               .factor = 1e300,
               .max = FOREVER,
               .reset_after = FOREVER,
               .max_restarts = 5,
               .window = FOREVER});
    const auto delay = ends.after(0ms);
    EXPECT_EQ(delay, std::chrono::hours(24 * 365));
    EXPECT_EQ(ends.after(1h, 1h), delay);
}

TEST(RestartPlan, RefusesWhatIsNoBackoff)
{
    EXPECT_THROW(RestartPlan({.initial = -1ms}), std::invalid_argument);
    EXPECT_THROW(RestartPlan({.initial = 2ms, .max = 1ms}), std::invalid_argument);
    EXPECT_THROW(RestartPlan({.factor = 0.5}), std::invalid_argument);
    EXPECT_THROW(RestartPlan({.factor = std::nan("")}), std::invalid_argument);
}

} // namespace
} // namespace mp::test
