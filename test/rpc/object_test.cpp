// Objects that a server makes, and the conversions of what methods take and return.
#include <gtest/gtest.h>

#include <rpc/support/errors.h>
#include <rpc/support/gate.h>
#include <rpc/support/probe-impl.h>
#include <rpc/support/probe-types.h>
#include <rpc/support/signal.h>

namespace mp::test {
namespace {

TEST(Objects, AreReleasedOnTheLoopByAMethodWithoutContext)
{
    ServedProbe probe;
    std::string events;
    bool on_loop = true;
    probe.impl.on_tool = [&](const char* what) {
        events += std::string(what) + " ";
        on_loop = on_loop && probe.serverLoop().isLoopThread();
    };
    auto tool = probe.client->makeTool();
    EXPECT_EQ(events, "");
    tool.reset();
    // The server class's own invokeDestroy() comes first.
    EXPECT_EQ(events, "released destroyed ");
    EXPECT_TRUE(on_loop);
}

TEST(Objects, LiveUntilTheirMethodsHaveReturned)
{
    Gate gate;
    Signal destroyed;
    std::atomic<bool> destroyed_on_loop{true};
    ServedProbe probe;
    probe.impl.on_tool = [&](const char* what) {
        if (what == std::string("used")) {
            gate.pass();
        } else {
            EXPECT_STREQ(what, "destroyed");
            destroyed_on_loop = probe.serverLoop().isLoopThread();
            destroyed.set();
        }
    };
    probe.client->exchangeThreads();
    auto tool = probe.client->makeTool();
    std::string error;
    std::thread caller([&] { error = ErrorOf([&] { tool->use(); }); });
    ASSERT_TRUE(gate.waitReached());
    probe.disconnectServer();
    caller.join();
    EXPECT_EQ(error, INTERRUPTED);
    EXPECT_FALSE(destroyed.isSet());
    gate.open();
    EXPECT_TRUE(destroyed.wait());
    EXPECT_FALSE(destroyed_on_loop);
    tool.reset();
}

TEST(Objects, StayWhileTheirMethodsRunWhenThePeerDestroysThem)
{
    using ToolClient = ProxyClient<messages::Tool>;
    Gate gate;
    Signal destroyed;
    ServedProbe probe;
    probe.impl.on_tool = [&](const char* what) {
        if (what == std::string("used")) {
            gate.pass();
            EXPECT_FALSE(destroyed.isSet());
        } else if (what == std::string("destroyed")) {
            destroyed.set();
        }
    };
    probe.client->exchangeThreads();
    auto tool = probe.client->makeTool();
    std::string error;
    std::thread caller([&] { error = ErrorOf([&] { tool->use(); }); });
    ASSERT_TRUE(gate.waitReached());
    // No client of ours does that.
    Signal answered;
    auto& client = static_cast<ToolClient&>(*tool);
    probe.clientLoop().sync([&] {
        probe.clientLoop().m_task_set->add(client.m_client.destroyRequest().send().then([&](auto&&) { answered.set(); }));
    });
    EXPECT_TRUE(answered.wait());
    EXPECT_FALSE(destroyed.isSet());
    EXPECT_NE(ErrorOf([&] { tool->use(); }).find("called on an object that was destroyed"), std::string::npos);
    gate.open();
    caller.join();
    EXPECT_EQ(error, "no exception");
    tool.reset();
    EXPECT_TRUE(destroyed.wait());
}

TEST(Objects, AreReleasedByDestroyRightAfterTheirMethods)
{
    std::atomic<int> destroyed{0};
    ServedProbe probe;
    probe.impl.on_tool = [&](const char* what) { destroyed += what == std::string("destroyed"); };
    probe.client->exchangeThreads();
    for (int i = 1; i <= 500; ++i) {
        auto tool = probe.client->makeTool();
        tool->use();
        tool.reset();
        ASSERT_EQ(destroyed, i);
    }
}

TEST(Objects, OutliveWhatTheirMethodsReturn)
{
    ServedProbe probe;
    probe.client->exchangeThreads();
    for (int i = 0; i < 200; ++i) {
        std::string events;
        probe.impl.on_tool = [&](const char* what) { events += std::string(what) + " "; };
        auto tool = probe.client->makeTool();
        EXPECT_EQ(tool->pin().text, "pinned");
        ASSERT_EQ(events, "unpinned ");
        tool.reset();
        ASSERT_EQ(events, "unpinned released destroyed ");
    }
}

TEST(Objects, ThatWereResultsAreReleasedWithoutTheLoop)
{
    ServedProbe probe;
    probe.client->exchangeThreads();
    Signal released;
    bool with_loop = true;
    probe.impl.on_shared_text = [&] {
        return std::shared_ptr<const std::string>(new std::string("text"), [&](const std::string* text) {
            delete text;
            with_loop = probe.serverLoop().isLoopThread();
            released.set();
        });
    };
    EXPECT_EQ(*probe.client->sharedText(), "text");
    EXPECT_TRUE(released.wait());
    EXPECT_FALSE(with_loop);
}

TEST(Objects, ParametersLiveUntilTheMethodHasReturned)
{
    Signal released;
    Signal returned;
    std::string seen;
    ServedProbe probe;
    probe.impl.on_hold = [&](std::string_view text) {
        probe.disconnectServer();
        EXPECT_TRUE(released.wait());
        seen = text;
        returned.set();
    };
    probe.client->exchangeThreads();
    const std::string text(1000, 'x');
    EXPECT_EQ(ErrorOf([&] { probe.client->hold(text); }), INTERRUPTED);
    released.set();
    ASSERT_TRUE(returned.wait());
    EXPECT_EQ(seen, text);
}

std::string Describe(const std::vector<Conversion>& conversions)
{
    std::string text;
    for (const Conversion& conversion : conversions) text += conversion.what + (conversion.on_loop ? " " : "? ");
    return text;
}

TEST(Objects, ValuesAreConvertedInOrderOnTheLoop)
{
    ServedProbe probe;
    Traced third{3};
    Traced fourth;
    Conversions::take(probe.clientLoop());
    const Traced result = probe.client->trace({1}, {2}, third, fourth);
    EXPECT_EQ(result.number, 7);
    EXPECT_EQ(third.number, 13);
    EXPECT_EQ(fourth.number, 3);
    EXPECT_EQ(Describe(Conversions::take(probe.clientLoop())), "build 1 build 2 build 3 read 13 read 3 read 7 ");
    probe.client->trace({1}, {2}, third, fourth);
    const std::string served = Describe(Conversions::take(probe.serverLoop()));
    EXPECT_EQ(served.find("read 1 read 2 read 13 build "), 0u) << served;
    for (const char* built : {"build 23 ", "build 3 ", "build 7 "}) EXPECT_NE(served.find(built), std::string::npos);
}

TEST(Objects, ExceptionsOfTheirReadersReachTheCallerAsTheyAre)
{
    ServedProbe probe;
    Traced third;
    Traced fourth;
    probe.impl.result = -1;
    EXPECT_THROW(probe.client->trace({1}, {2}, third, fourth), std::out_of_range);
    EXPECT_EQ(probe.clientLogs().countLevel(Log::Raise), 0u);
    // On the server's side it is a failure of the call.
    probe.impl.result = 1;
    const std::string error = ErrorOf([&] { probe.client->trace({-1}, {2}, third, fourth); });
    EXPECT_NE(error.find("remote exception: std::exception: negative"), std::string::npos) << error;
    EXPECT_EQ(probe.client->trace({1}, {2}, third, fourth).number, 1);
}

//! A callback of a derived interface.
class LocalDerived final : public DerivedCallback
{
public:
    int32_t call(int32_t arg) override
    {
        m_threads.push_back(std::this_thread::get_id());
        return arg + 1;
    }
    int32_t callDerived(int32_t arg) override
    {
        m_threads.push_back(std::this_thread::get_id());
        return arg + 2;
    }
    std::vector<std::thread::id> m_threads;
};

TEST(Objects, OfDerivedInterfacesHaveInheritedMethodsToo)
{
    ServedProbe probe;
    probe.client->exchangeThreads();
    LocalDerived callback;
    EXPECT_EQ(probe.client->lendDerived(callback, 5), 706);
    EXPECT_EQ(callback.m_threads, std::vector<std::thread::id>(2, std::this_thread::get_id()));
}

} // namespace
} // namespace mp::test
