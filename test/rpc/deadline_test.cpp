// Calls that end before their answers come.
#include <gtest/gtest.h>
#include <mp/call-errors.h>
#include <mp/call-scope.h>
#include <mp/current-call.h>
#include <rpc/support/errors.h>
#include <rpc/support/foreign-clients.h>
#include <rpc/support/gate.h>
#include <rpc/support/session.h>
#include <thread>

namespace mp::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

//! A method that lasts until the test ends it.
class BoundedCalls : public testing::Test
{
protected:
    BoundedCalls()
    {
        m_session.impl.on_run = [this](const std::string& what) {
            if (what == "wait") m_gate.pass();
            return what;
        };
        // Makes the threads of both sides.
        m_session.client->run("first");
        m_before = usages();
    }
    ~BoundedCalls() override
    {
        m_gate.open();
        m_session.serverLoop().waitForMethods();
        EXPECT_EQ(m_session.client->run("last"), "last");
        EXPECT_EQ(usages(), m_before);
    }

    //! Of both sides, once no call is left: a client's last word on one may be sent with the next.
    std::pair<Usage, Usage> usages()
    {
        const auto deadline = Clock::now() + DEADLINE;
        for (;;) {
            std::pair<Usage, Usage> usages;
            m_session.clientLoop().sync([&] { usages.first = m_session.connection->usage(); });
            m_session.serverLoop().sync(
                [&] { usages.second = m_session.serverLoop().m_incoming_connections.front().usage(); });
            const auto& [client, server] = usages;
            const bool settled = client.own_calls + client.queued_bytes + server.calls + server.queued_bytes == 0;
            if (settled || Clock::now() > deadline) return usages;
            std::this_thread::sleep_for(1ms);
        }
    }

    //! Have a call cancelled while its method is at the gate, and let that go on when the caller has returned.
    template <typename Fn>
    void cancelInMethod(Fn call)
    {
        CancelToken token;
        std::thread caller([&] {
            const CancelScope scope(token);
            EXPECT_THROW(call(), CancelledError);
        });
        ASSERT_TRUE(m_gate.waitReached());
        token.cancel();
        caller.join();
        EXPECT_TRUE(m_session.serverLogs().waitFor("canceled while executing."));
        m_gate.open();
        m_session.serverLoop().waitForMethods();
    }

    Gate m_gate;
    Session m_session;
    std::pair<Usage, Usage> m_before;
};

TEST_F(BoundedCalls, TimeOut)
{
    const auto start = Clock::now();
    const DeadlineScope scope(20ms);
    EXPECT_THROW(m_session.client->run("wait"), TimeoutError);
    EXPECT_GE(Clock::now() - start, 20ms);
    EXPECT_TRUE(m_gate.waitReached());
    EXPECT_TRUE(m_session.serverLogs().waitFor("canceled while executing."));
}

TEST_F(BoundedCalls, SayWhichOneWasLate)
{
    const DeadlineScope scope(1ms);
    EXPECT_EQ(ErrorOf([&] { m_session.client->run("wait"); }), "Service.run timed out");
    EXPECT_EQ(ErrorOf([&] { m_session.client->run("quick"); }), "Service.run timed out");
    // It was over before, and isn't sent.
    EXPECT_EQ(m_session.clientLogs().count("IPC client send Service.run$Params"), 2u);
}

TEST_F(BoundedCalls, EndInTimeAsEver)
{
    const DeadlineScope scope(1h);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(m_session.client->addOnWorker(i, 1), i + 1);
    EXPECT_EQ(ErrorOf([&] { m_session.client->fail("broken", false); }).find("timed out"), std::string::npos);
}

TEST_F(BoundedCalls, TakeTheEarliestTime)
{
    const DeadlineScope outer(20ms);
    {
        const DeadlineScope inner(1h);
        EXPECT_THROW(m_session.client->run("wait"), TimeoutError);
    }
    EXPECT_LE(*CallScope::current()->deadline(), Clock::now());
    const DeadlineScope for_ever(Clock::duration::max());
    EXPECT_THROW(m_session.client->run("wait"), TimeoutError);
}

TEST_F(BoundedCalls, HaveADefaultTime)
{
    ProxyContext& context = m_session.client->m_context;
    m_session.clientLoop().sync([&] { m_session.connection->setCallTimeout(10ms); });
    EXPECT_THROW(m_session.client->run("wait"), TimeoutError);
    m_gate.open();
    {
        // In its place.
        const DeadlineScope scope(1h);
        EXPECT_EQ(m_session.client->run("quick"), "quick");
    }
    context.call_timeout.set(1h);
    EXPECT_EQ(m_session.client->run("quick"), "quick");
    context.call_timeout.set(0ns);
    EXPECT_EQ(ErrorOf([&] { m_session.client->run("quick"); }), "Service.run timed out");
    context.call_timeout.set(std::nullopt);
    m_session.clientLoop().sync([&] { m_session.connection->setCallTimeout(std::nullopt); });
    EXPECT_EQ(m_session.client->run("quick"), "quick");
}

TEST_F(BoundedCalls, AreCancelledByAnotherThread)
{
    CancelToken token;
    std::thread caller([&] {
        const CancelScope scope(token);
        EXPECT_THROW(m_session.client->run("wait"), CancelledError);
        EXPECT_EQ(ErrorOf([&] { m_session.client->run("quick"); }), "Service.run was cancelled");
    });
    ASSERT_TRUE(m_gate.waitReached());
    token.cancel();
    caller.join();
    EXPECT_EQ(m_session.client->run("quick"), "quick");
    EXPECT_TRUE(m_session.serverLogs().waitFor("canceled while executing."));
}

TEST_F(BoundedCalls, AreCancelledByTheLoop)
{
    CancelToken token;
    std::thread caller([&] {
        const CancelScope scope(token);
        EXPECT_THROW(m_session.client->run("wait"), CancelledError);
    });
    ASSERT_TRUE(m_gate.waitReached());
    m_session.clientLoop().sync([&] { token.cancel(); });
    caller.join();
}

TEST_F(BoundedCalls, HearOfEachToken)
{
    for (const bool inner : {false, true}) {
        CancelToken tokens[2];
        const CancelScope first(tokens[0]);
        const CancelScope second(tokens[1]);
        const DeadlineScope late(1h);
        tokens[inner].cancel();
        EXPECT_THROW(m_session.client->run("quick"), CancelledError);
    }
}

// What its caller wants of it

TEST_F(BoundedCalls, AreSeenToBeCancelledByTheirMethod)
{
    Signal called;
    Gate running;
    m_session.impl.on_run = [&](const std::string&) {
        const RunningCall call = CurrentCall();
        EXPECT_TRUE(call);
        EXPECT_FALSE(call.cancelled());
        const CancelCallback callback = call.onCancel([&] { called.set(); });
        running.pass();
        EXPECT_TRUE(call.waitCancelled(DEADLINE));
        EXPECT_TRUE(called.wait());
        EXPECT_TRUE(CurrentCall().cancelled());
        return "nobody hears it";
    };
    running.open();
    CancelToken token;
    std::thread caller([&] {
        const CancelScope scope(token);
        EXPECT_THROW(m_session.client->run("wait"), CancelledError);
    });
    ASSERT_TRUE(running.waitReached());
    token.cancel();
    caller.join();
    m_session.serverLoop().waitForMethods();
    m_session.impl.on_run = nullptr;
    EXPECT_FALSE(CurrentCall());
    EXPECT_FALSE(CurrentCall().cancelled());
}

TEST_F(BoundedCalls, TellTheirMethodHowLongItHas)
{
    std::optional<Clock::time_point> told;
    m_session.impl.on_run = [&](const std::string& what) {
        told = CurrentCall().deadline();
        EXPECT_EQ(CallScope::current() ? CallScope::current()->deadline() : std::nullopt, told);
        return what;
    };
    m_session.client->run("unbounded");
    EXPECT_FALSE(told);
    const DeadlineScope scope(1h);
    m_session.client->run("bounded");
    ASSERT_TRUE(told);
    // One process, one clock: what is left was measured before the request was sent.
    EXPECT_GE(*told, *scope.deadline());
    EXPECT_LT(*told, *scope.deadline() + 1min);
    const DeadlineScope shorter(10min);
    m_session.client->run("bounded");
    EXPECT_LT(*told, *shorter.deadline() + 1min);
    m_session.impl.on_run = nullptr;
}

// A callback isn't interrupted.
TEST_F(BoundedCalls, EndWhenTheirCallbackReturns)
{
    bool returned = false;
    FnCallback callback([&](int32_t arg) {
        const auto until = *CallScope::current()->deadline();
        while (Clock::now() < until) std::this_thread::sleep_for(1ms);
        returned = true;
        return arg;
    });
    // Its server's call of it is late, too, and it may be that one that ends first.
    const DeadlineScope scope(20ms);
    EXPECT_THROW(m_session.client->lend(callback, 1), TimeoutError);
    EXPECT_TRUE(returned);
}

// What callers lend

// A method that goes on after its caller has given up can't reach what was lent to it.
TEST_F(BoundedCalls, TakeBackWhatTheyLent)
{
    std::string error;
    m_session.impl.on_lent = [&](Callback& callback, int32_t arg) {
        m_gate.pass();
        error = ErrorOf([&] { callback.call(arg); });
        return 0;
    };
    cancelInMethod([&] {
        FnCallback callback([](int32_t) -> int32_t { throw std::logic_error("was called"); });
        m_session.client->lend(callback, 1);
    });
    EXPECT_NE(error.find("called on an object that was destroyed"), std::string::npos) << error;
}

TEST_F(BoundedCalls, TakeBackFunctions)
{
    std::string error;
    m_session.impl.on_fn = [&](std::function<int32_t(int32_t)> fn, int32_t arg) {
        m_gate.pass();
        error = ErrorOf([&] { fn(arg); });
        return 0;
    };
    cancelInMethod([&] { m_session.client->callFn([](int32_t) -> int32_t { throw std::logic_error("was called"); }, 1); });
    EXPECT_NE(error.find("called on an object that was destroyed"), std::string::npos) << error;
}

//! How a call may be lost while another thread runs a method of what it has lent.
enum class Loss { Deadline, Token, ClientClose, ServerClose };

class LostCalls : public testing::TestWithParam<Loss>
{
};

TEST_P(LostCalls, WaitForMethodsOfWhatTheyLent)
{
    Session session;
    Gate running;
    // A thread of the peer's own, for which a thread of this side runs the method.
    session.impl.on_lent = [&](Callback& callback, int32_t arg) {
        std::thread other([&] { ErrorOf([&] { callback.call(arg); }); });
        other.join();
        return 0;
    };
    CancelToken token;
    std::thread caller([&] {
        bool finished = false;
        FnCallback callback([&](int32_t arg) {
            running.pass();
            finished = true;
            return arg;
        });
        const DeadlineScope late(GetParam() == Loss::Deadline ? std::chrono::nanoseconds(100ms) : 1h);
        const CancelScope cancelled(token);
        EXPECT_NE(ErrorOf([&] { session.client->lend(callback, 1); }), "no exception");
        EXPECT_TRUE(finished);
    });
    ASSERT_TRUE(running.waitReached());
    switch (GetParam()) {
    case Loss::Deadline: break;
    case Loss::Token: token.cancel(); break;
    case Loss::ClientClose: session.disconnectClient(); break;
    case Loss::ServerClose: session.disconnectServer(); break;
    }
    EXPECT_TRUE(session.serverLogs().waitFor("canceled while executing."));
    running.open();
    caller.join();
    session.serverLoop().waitForMethods();
    session.clientLoop().waitForMethods();
}

INSTANTIATE_TEST_SUITE_P(All, LostCalls,
                         testing::Values(Loss::Deadline, Loss::Token, Loss::ClientClose, Loss::ServerClose));

//! Never answers.
class SilentCallback final : public messages::Callback::Server
{
public:
    explicit SilentCallback(kj::Own<kj::PromiseFulfiller<void>> called) : m_called(kj::mv(called)) {}
    kj::Promise<void> call(CallContext) override
    {
        m_called->fulfill();
        return kj::NEVER_DONE;
    }

private:
    kj::Own<kj::PromiseFulfiller<void>> m_called;
};

// A client of another kind, which drops a call whose method waits for it.
TEST_F(ForeignClients, ReleaseTheMethodOfACallThatTheyDrop)
{
    std::string error;
    m_impl.on_lent = [&](Callback& callback, int32_t arg) {
        error = ErrorOf([&] { callback.call(arg); });
        return 0;
    };
    run([&](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto called = kj::newPromiseAndFulfiller<void>();
        {
            auto request = service.lendRequest();
            request.initContext().setThread(thread);
            request.setCallback(kj::heap<SilentCallback>(kj::mv(called.fulfiller)));
            const auto promise = request.send();
            called.promise.wait(io.waitScope);
        }
        // The method ends only after this side has answered what releases the callback.
        const auto deadline = Clock::now() + DEADLINE;
        while (!m_logs.has("interrupted (canceled)") && Clock::now() < deadline) {
            service.addRequest().send().wait(io.waitScope);
        }
        EXPECT_EQ(error, "IPC client method call interrupted: its caller's own caller has given up.");
    });
}

} // namespace
} // namespace mp::test
