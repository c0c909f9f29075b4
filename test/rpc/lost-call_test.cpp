// What calls that were given up may leave behind: callbacks, and methods that wait for the caller.
#include <functional>
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

// A server of another kind: it says nothing of time, and goes on with what its caller has given up

//! Calls back what it is lent, and answers when that has been answered.
class CallingBack final : public messages::Service::Server
{
public:
    //! @param calls  how many callbacks it sends at once
    explicit CallingBack(int calls) : m_calls(calls) {}

private:
    kj::Promise<void> construct(ConstructContext context) override
    {
        m_worker = context.getParams().getThreadMap().makeThreadRequest().send().getResult();
        return kj::READY_NOW;
    }
    //! On the caller's thread.
    kj::Promise<void> lend(LendContext context) override
    {
        auto params = context.getParams();
        return callBack(context, params.getCallback(), params.getContext().getCallbackThread());
    }
    //! On one that it had made.
    kj::Promise<void> callFn(CallFnContext context) override
    {
        return callBack(context, context.getParams().getFn(), m_worker);
    }
    kj::Promise<void> runOnLoop(RunOnLoopContext) override { return kj::NEVER_DONE; }

    template <typename CallContext, typename Lent>
    kj::Promise<void> callBack(CallContext context, Lent lent, Thread::Client thread)
    {
        kj::Vector<kj::Promise<void>> calls;
        for (int i = 0; i < m_calls; ++i) {
            auto request = lent.callRequest();
            request.initContext().setThread(thread);
            request.setArg(context.getParams().getArg());
            calls.add(request.send().ignoreResult());
        }
        return kj::joinPromises(calls.releaseAsArray());
    }

    const int m_calls;
    Thread::Client m_worker{nullptr};
};

class CallsToForeignServers : public testing::Test
{
protected:
    std::unique_ptr<ServiceClient> connect(int calls)
    {
        const auto sockets = SocketPair();
        m_server.emplace(sockets[0], [calls] { return kj::heap<CallingBack>(calls); });
        return ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), sockets[1]));
    }

    Logs m_logs;
    std::optional<ForeignServer> m_server;
    LoopThread m_client{m_logs.options()};
};

TEST_F(CallsToForeignServers, RunNoMoreCallbacksWhenTimeIsUp)
{
    const auto service = connect(3);
    int called = 0;
    const DeadlineScope scope(20ms);
    FnCallback callback([&](int32_t arg) {
        ++called;
        while (Clock::now() < *scope.deadline()) std::this_thread::yield();
        return arg;
    });
    EXPECT_THROW(service->lend(callback, 1), TimeoutError);
    EXPECT_EQ(called, 1);
}

TEST_F(CallsToForeignServers, AreLateThoughTheAnswerComesRightAfterTheirCallback)
{
    const auto service = connect(1);
    for (int i = 0; i < 50; ++i) {
        const DeadlineScope scope(1ms);
        FnCallback callback([&](int32_t arg) {
            while (Clock::now() < *scope.deadline()) std::this_thread::yield();
            return arg;
        });
        EXPECT_THROW(service->lend(callback, 1), TimeoutError);
    }
}

TEST_F(CallsToForeignServers, DontWaitForCallbacksThatHaveNotBegun)
{
    const auto service = connect(1);
    Gate gate;
    std::thread unbounded([&] {
        ErrorOf([&] {
            service->callFn(
                [&](int32_t arg) {
                    gate.pass();
                    return arg;
                },
                1);
        });
    });
    ASSERT_TRUE(gate.waitReached());
    {
        // Its callback is behind the other one.
        const DeadlineScope scope(20ms);
        bool called = false;
        auto fn = [&](int32_t arg) {
            called = true;
            return arg;
        };
        EXPECT_THROW(service->callFn(fn, 2), TimeoutError);
        EXPECT_FALSE(called);
    }
    gate.open();
    unbounded.join();
}

TEST_F(CallsToForeignServers, BoundTheCallsOfTheirCallbacks)
{
    const auto service = connect(1);
    FnCallback callback([&](int32_t arg) {
        EXPECT_EQ(ErrorOf([&] { service->runOnLoop("never answered"); }), "Service.runOnLoop timed out");
        return arg;
    });
    const DeadlineScope scope(20ms);
    EXPECT_THROW(service->lend(callback, 1), TimeoutError);
}

TEST_F(CallsToForeignServers, AreCancelledTogetherWithTheCallsOfTheirCallbacks)
{
    const auto service = connect(1);
    CancelToken token;
    std::thread cancelling([&] {
        EXPECT_TRUE(m_logs.waitFor("IPC client send Service.runOnLoop$Params"));
        token.cancel();
    });
    FnCallback callback([&](int32_t arg) {
        EXPECT_EQ(ErrorOf([&] { service->runOnLoop("never answered"); }), "Service.runOnLoop was cancelled");
        return arg;
    });
    {
        const CancelScope scope(token);
        EXPECT_THROW(service->lend(callback, 1), CancelledError);
    }
    cancelling.join();
}

// Callbacks of calls that were made in a callback

//! A client and a server whose messages are looked at, which may hold up the thread that logs them.
class WatchedSession
{
public:
    using OnLog = std::function<void(const std::string& message)>;

    WatchedSession(OnLog on_server, OnLog on_client)
        : m_server(options(std::move(on_server))), m_client(options(std::move(on_client)))
    {
        const auto sockets = SocketPair();
        EventLoop& loop = m_server.loop();
        loop.sync([&] { ServeStream<messages::Service>(loop, MakeStream(loop, sockets[0]), impl); });
        service = ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), sockets[1]));
    }
    EventLoop& serverLoop() { return m_server.loop(); }

    ServiceImpl impl;

private:
    static LogOptions options(OnLog fn)
    {
        return {.log_fn = [fn = std::move(fn)](const LogMessage& message) {
            fn(message.message);
            if (message.level == Log::Raise) throw std::runtime_error(message.message);
        }};
    }

    LoopThread m_server;
    LoopThread m_client;

public:
    std::unique_ptr<ServiceClient> service;
};

bool Has(const std::string& message, const char* text) { return message.find(text) != std::string::npos; }

TEST(LostCallsOfCallbacks, LeaveNoCallbackToALaterCall)
{
    Signal calling;
    Signal lost;
    Signal handled;
    WatchedSession session(
        [&](const std::string& message) {
            if (Has(message, "IPC client send Callback.call$Params")) {
                calling.set();
                EXPECT_TRUE(lost.wait());
            }
            if (Has(message, "canceled while executing.")) {
                EXPECT_TRUE(handled.wait());
            }
        },
        [&](const std::string& message) {
            if (Has(message, "IPC server error request")) handled.set();
        });
    ServiceClient& service = *session.service;
    int called = 0;
    service.share(std::make_shared<FnCallback>([&](int32_t arg) {
        ++called;
        handled.set();
        return arg;
    }));
    session.impl.on_run = [&](const std::string& what) {
        ErrorOf([&] { session.impl.callShared(1); });
        return what;
    };
    CancelToken token;
    std::thread cancelling([&] {
        EXPECT_TRUE(calling.wait());
        token.cancel();
    });
    const auto fn = [&](int32_t arg) {
        {
            const CancelScope scope(token);
            EXPECT_THROW(service.run("calls back"), CancelledError);
        }
        // The callback comes now.
        lost.set();
        EXPECT_EQ(service.addOnWorker(1, 2), 3);
        return arg;
    };
    EXPECT_EQ(service.callFn(fn, 5), 5);
    EXPECT_EQ(called, 0);
    cancelling.join();
    service.share(nullptr);
}

// Methods that hear that they were given up

//! Call a method, and give that up when it says that it runs.
template <typename Session>
void GiveUp(Session& session, ServiceClient& service, const std::function<void(Signal& running)>& method)
{
    Signal running;
    CancelToken token;
    session.impl.on_run = [&](const std::string& what) {
        method(running);
        return what;
    };
    std::thread cancelling([&] {
        EXPECT_TRUE(running.wait());
        token.cancel();
    });
    {
        const CancelScope scope(token);
        EXPECT_THROW(service.run("is given up"), CancelledError);
    }
    cancelling.join();
    session.serverLoop().waitForMethods();
}

TEST(GivenUpMethods, AreToldByTheOwnerOfTheLoop)
{
    Signal cancelling;
    Signal asked;
    WatchedSession session(
        [&](const std::string& message) {
            if (!Has(message, "canceled while executing.")) return;
            cancelling.set();
            EXPECT_TRUE(asked.wait());
        },
        [](const std::string&) {});
    bool by_owner = false;
    GiveUp(session, *session.service, [&](Signal& running) {
        Signal told;
        const CancelCallback callback = CurrentCall().onCancel([&] {
            by_owner = session.serverLoop().isLoopThread();
            told.set();
        });
        running.set();
        EXPECT_TRUE(cancelling.wait());
        // It must not be this that tells.
        CurrentCall();
        asked.set();
        EXPECT_TRUE(told.wait());
    });
    EXPECT_TRUE(by_owner);
}

TEST(GivenUpMethods, MayCloseTheirConnection)
{
    Session session;
    const EventLoopRef loop(session.serverLoop());
    GiveUp(session, *session.client, [&](Signal& running) {
        Signal closed;
        const CancelCallback callback = CurrentCall().onCancel([&] {
            session.disconnectServer();
            closed.set();
        });
        running.set();
        EXPECT_TRUE(closed.wait());
    });
    EXPECT_TRUE(SucceededOrDisconnected(ErrorOf([&] { session.client->run("too late"); })));
}

// Methods that wait for who has given them up

//! Never answers.
class Silent final : public messages::Callback::Server
{
public:
    explicit Silent(kj::Own<kj::PromiseFulfiller<void>> called) : m_called(kj::mv(called)) {}
    kj::Promise<void> call(CallContext) override
    {
        m_called->fulfill();
        return kj::NEVER_DONE;
    }

private:
    kj::Own<kj::PromiseFulfiller<void>> m_called;
};

TEST_F(ForeignClients, ReleaseAMethodThatWaitsForThemThroughAnotherServer)
{
    Session other;
    std::string error;
    m_impl.on_lent = [&](Callback& callback, int32_t arg) {
        return other.client->callFn(
            [&](int32_t arg) {
                error = ErrorOf([&] { callback.call(arg); });
                return arg;
            },
            arg);
    };
    run([&](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto called = kj::newPromiseAndFulfiller<void>();
        {
            auto request = service.lendRequest();
            request.initContext().setThread(thread);
            request.setCallback(kj::heap<Silent>(kj::mv(called.fulfiller)));
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
