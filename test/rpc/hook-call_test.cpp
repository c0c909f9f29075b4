// Hooks of methods that run on workers: they own the loop, and may call remote objects all the same.
#include <gtest/gtest.h>

#include <rpc/support/errors.h>
#include <rpc/support/probe-impl.h>
#include <rpc/support/probe-types.h>
#include <rpc/support/signal.h>
#include <thread>

namespace mp::test {
namespace {

class LocalGuest final : public Guest
{
public:
    std::string name() override
    {
        ++calls;
        if (on_name) on_name();
        return "Ann";
    }
    std::function<void()> on_name;
    std::atomic<int> calls{0};
};

class HookCalls : public testing::Test
{
protected:
    HookCalls() { m_probe.client->exchangeThreads(); }
    ~HookCalls() override
    {
        g_on_badge = nullptr;
        g_on_traced = nullptr;
    }
    std::string badge() { return m_probe.client->badge(m_guest).text; }
    std::string give()
    {
        auto guest = std::make_unique<LocalGuest>();
        guest->on_name = m_guest->on_name;
        return m_probe.client->giveGuest({}, std::move(guest));
    }
    std::string lend() { return m_probe.client->lendGuest(*m_guest); }

    ServedProbe m_probe;
    std::shared_ptr<LocalGuest> m_guest = std::make_shared<LocalGuest>();
};

TEST_F(HookCalls, MakeClientsThatAreCalledAtOnce)
{
    EXPECT_EQ(give(), "Ann");
    EXPECT_EQ(lend(), "Ann");
}

TEST_F(HookCalls, BuildResults)
{
    EXPECT_EQ(badge(), "badge of Ann");
    EXPECT_EQ(m_guest->calls, 2); // when its client was made, and for the badge
}

TEST_F(HookCalls, OtherCallsAreServedMeanwhile)
{
    std::string other;
    m_guest->on_name = [&] { std::thread([&] { other = m_probe.client->hold("other"); }).join(); };
    EXPECT_EQ(badge(), "badge of Ann");
    EXPECT_EQ(other, "other");
}

TEST_F(HookCalls, MakeNoClientOfAConnectionThatIsGone)
{
    // Before the second parameter is read.
    g_on_traced = [&] { m_probe.disconnectServer(); };
    EXPECT_EQ(ErrorOf([&] { give(); }), INTERRUPTED);
    EXPECT_TRUE(m_probe.serverLogs().waitFor("interrupted (canceled)"));
    EXPECT_EQ(m_guest->calls, 0);
}

TEST_F(HookCalls, EndWhenTheConnectionGoesDuringTheirCalls)
{
    m_guest->on_name = [&] { m_probe.disconnectServer(); };
    EXPECT_EQ(ErrorOf([&] { badge(); }), INTERRUPTED);
    EXPECT_TRUE(m_probe.serverLogs().waitFor("interrupted (canceled)"));
}

TEST_F(HookCalls, EndWhenTheConnectionGoesBeforeTheResultIsBuilt)
{
    g_on_badge = [&] { m_probe.disconnectServer(); };
    EXPECT_EQ(ErrorOf([&] { badge(); }), INTERRUPTED);
    EXPECT_TRUE(m_probe.serverLogs().waitFor("interrupted (canceled)"));
    EXPECT_EQ(m_guest->calls, 1);
}

} // namespace
} // namespace mp::test
