// Hooks of methods that run on workers: they own the loop, and may call remote objects all the same.
#include <gtest/gtest.h>

#include <kj/debug.h>
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
    ~LocalGuest() override
    {
        if (on_destroy) on_destroy();
    }
    std::string name() override
    {
        ++calls;
        if (on_name) on_name();
        return "Ann";
    }
    std::function<void()> on_name;
    std::function<void()> on_destroy;
    std::atomic<int> calls{0};
};

//! A failure that KJ throws, or only logs while an exception is on its way.
void FailRecoverably()
{
    KJ_FAIL_REQUIRE("recoverable") { break; }
}

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
    //! The thread that a callback runs on.
    std::thread::id callbackThread()
    {
        std::thread::id thread;
        m_guest->on_name = [&] { thread = std::this_thread::get_id(); };
        lend();
        m_guest->on_name = nullptr;
        return thread;
    }
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
    g_on_badge = [&](InvokeContext&, Badge&) { m_probe.disconnectServer(); };
    EXPECT_EQ(ErrorOf([&] { badge(); }), INTERRUPTED);
    EXPECT_TRUE(m_probe.serverLogs().waitFor("interrupted (canceled)"));
    EXPECT_EQ(m_guest->calls, 1);
}

TEST_F(HookCalls, MakeNoServerOnAConnectionThatWentDuringACallWhoseFailureTheyCatch)
{
    std::string error;
    Signal done;
    auto disconnect = [&] { m_probe.disconnectServer(); };
    g_on_badge = [&](InvokeContext& context, Badge& badge) {
        m_guest->on_name = disconnect;
        EXPECT_NE(ErrorOf([&] { badge.guest->name(); }), "no exception");
        error = ErrorOf([&] { MakeProxyServer<messages::Tool, Tool>(context, std::make_shared<Tool>()); });
        badge.text = "none";
        done.set();
    };
    EXPECT_EQ(ErrorOf([&] { badge(); }), INTERRUPTED);
    ASSERT_TRUE(done.wait());
    EXPECT_NE(error.find("request canceled"), std::string::npos) << error;
    EXPECT_TRUE(m_probe.serverLogs().waitFor("interrupted (canceled)"));
}

TEST_F(HookCalls, MakeNoServerOnAConnectionThatWentWhenTheyDestroyedAClient)
{
    std::string error;
    Signal done;
    auto guest = std::make_shared<LocalGuest>();
    guest->on_destroy = [&] { m_probe.disconnectServer(); };
    g_on_badge = [&](InvokeContext& context, Badge& badge) {
        badge.guest.reset();
        error = ErrorOf([&] { MakeProxyServer<messages::Tool, Tool>(context, std::make_shared<Tool>()); });
        badge.text = "none";
        done.set();
    };
    EXPECT_EQ(ErrorOf([&] { m_probe.client->badge(std::move(guest)); }), INTERRUPTED);
    ASSERT_TRUE(done.wait());
    EXPECT_NE(error.find("request canceled"), std::string::npos) << error;
    EXPECT_TRUE(m_probe.serverLogs().waitFor("interrupted (canceled)"));
}

TEST_F(HookCalls, OverAnotherLoopWhoseServerCallsBack)
{
    ServedProbe other;
    other.client->exchangeThreads();
    other.impl.on_hold = [&](std::string_view) { EXPECT_EQ(m_probe.client->hold("back"), "back"); };
    g_on_badge = [&](InvokeContext&, Badge& badge) { badge.text = other.client->hold("there"); };
    EXPECT_EQ(badge(), "there");
}

TEST_F(HookCalls, LeaveCallbacksOnTheirThreadWhenResultsHeldARemoteObject)
{
    EXPECT_EQ(callbackThread(), std::this_thread::get_id());
    auto guest = std::make_shared<LocalGuest>();
    m_probe.client->badge(guest);
    // The peer's client of it was destroyed before the answer.
    EXPECT_EQ(guest.use_count(), 1);
    EXPECT_EQ(callbackThread(), std::this_thread::get_id());
    EXPECT_EQ(callbackThread(), std::this_thread::get_id());
}

TEST(HookCallsWithoutThreadMap, CallbacksWorkWhenResultsHeldARemoteObject)
{
    ServedProbe probe;
    // The server gives its threads, the client doesn't.
    probe.client->takeThreads();
    LocalGuest guest;
    EXPECT_EQ(probe.client->lendGuest(guest), "Ann");
    EXPECT_EQ(probe.client->badge(std::make_shared<LocalGuest>()).text, "badge of Ann");
    EXPECT_EQ(probe.client->lendGuest(guest), "Ann");
}

// While an exception is on its way KJ by itself only logs what it would have thrown.

TEST_F(HookCalls, ThatFailDoNotChangeHowOthersFail)
{
    std::string error;
    Signal done;
    g_on_badge = [&](InvokeContext&, Badge&) {
        m_probe.serverLoop().m_task_set->add(kj::evalLater([&] {
            error = ErrorOf(FailRecoverably);
            done.set();
        }));
        throw std::runtime_error("hook failed");
    };
    EXPECT_NE(ErrorOf([&] { badge(); }).find("hook failed"), std::string::npos);
    ASSERT_TRUE(done.wait());
    EXPECT_NE(error.find("recoverable"), std::string::npos) << error;
}

// KJ needs the loop, which a call would give up.
TEST_F(HookCalls, FailWithinEventsThatKjRunsInAWait)
{
    std::string error;
    g_on_badge = [&](InvokeContext&, Badge& badge) {
        m_probe.serverLoop().sync([&] {
            kj::evalLater([&] { error = ErrorOf([&] { badge.guest->name(); }); })
                .eagerlyEvaluate(nullptr)
                .wait(m_probe.serverLoop().m_io_context.waitScope);
        });
    };
    EXPECT_EQ(badge(), "badge of Ann");
    EXPECT_NE(error.find("on the event loop thread"), std::string::npos) << error;
}

TEST(HookCallsWithoutThreadMap, SyncFailsAsEverWhileAnExceptionIsOnItsWay)
{
    ServedProbe probe;
    std::string error;
    auto throws = [&] {
        KJ_DEFER(probe.serverLoop().sync([&] { error = ErrorOf(FailRecoverably); }));
        throw std::runtime_error("on its way");
    };
    EXPECT_EQ(ErrorOf(throws), "on its way");
    EXPECT_NE(error.find("recoverable"), std::string::npos) << error;
}

TEST_F(HookCalls, OthersFailAsEverWhileAFailureDestroysParameters)
{
    m_probe.impl.on_exchange = FailRecoverably;
    m_probe.impl.on_hold = [](std::string_view) { FailRecoverably(); };
    std::string on_loop;
    std::string on_worker;
    auto guest = std::make_unique<LocalGuest>();
    guest->on_name = [calls = 0]() mutable {
        if (++calls == 2) throw std::runtime_error("no name");
    };
    guest->on_destroy = [&] {
        std::thread([&] { on_loop = ErrorOf([&] { m_probe.client->exchangeThreads(); }); }).join();
        // By the very thread whose method failed.
        on_worker = ErrorOf([&] { m_probe.client->hold("nested"); });
    };
    EXPECT_NE(ErrorOf([&] { m_probe.client->giveGuest({}, std::move(guest)); }).find("no name"), std::string::npos);
    EXPECT_NE(on_loop.find("recoverable"), std::string::npos) << on_loop;
    EXPECT_NE(on_worker.find("recoverable"), std::string::npos) << on_worker;
}

} // namespace
} // namespace mp::test
