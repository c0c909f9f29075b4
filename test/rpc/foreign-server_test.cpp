#include <capnp/any.h>
#include <gtest/gtest.h>

#include <kj/debug.h>
#include <mp/call-scope.h>
#include <rpc/support/errors.h>
#include <rpc/support/foreign.h>
#include <rpc/support/session.h>

namespace mp::test {
namespace {

//! Answers what it can without threads.
class PlainService final : public messages::Service::Server
{
    kj::Promise<void> construct(ConstructContext) override { return kj::READY_NOW; } // no ThreadMap
    kj::Promise<void> add(AddContext context) override
    {
        context.getResults().setResult(context.getParams().getA() + context.getParams().getB());
        return kj::READY_NOW;
    }
    kj::Promise<void> addOnWorker(AddOnWorkerContext context) override
    {
        context.getResults().setResult(context.getParams().getA() + context.getParams().getB());
        return kj::READY_NOW;
    }
    kj::Promise<void> run(RunContext) override { return KJ_EXCEPTION(FAILED, "refused by the foreign server"); }
    kj::Promise<void> runOnLoop(RunOnLoopContext) override { return kj::NEVER_DONE; }
    kj::Promise<void> echo(EchoContext context) override
    {
        // Numbers, where bytes should be.
        capnp::AnyStruct::Builder results = context.getResults();
        results.getPointerSection()[0].initAs<capnp::List<uint64_t>>(3);
        return kj::READY_NOW;
    }
    kj::Promise<void> lend(LendContext context) override
    {
        auto request = context.getParams().getCallback().callRequest();
        // On the caller's thread, by its own handle.
        request.initContext().setThread(context.getParams().getContext().getCallbackThread());
        request.setArg(context.getParams().getArg());
        return request.send().then([context](auto&& response) mutable {
            context.getResults().setResult(response.getResult());
        });
    }
    //! Calls back without waiting: the answer and the callback leave together.
    kj::Promise<void> share(ShareContext context) override
    {
        m_callback = context.getParams().getCallback();
        m_callback_thread = context.getParams().getContext().getCallbackThread();
        callBack(1);
        return kj::READY_NOW;
    }
    kj::Promise<void> callShared(CallSharedContext context) override
    {
        callBack(context.getParams().getArg());
        context.getResults().setResult(m_called_back);
        return kj::READY_NOW;
    }
    void callBack(int32_t arg)
    {
        auto request = m_callback.callRequest();
        request.initContext().setThread(m_callback_thread);
        request.setArg(arg);
        m_calls.add(request.send().then([this](auto&&) { ++m_called_back; }));
    }

    class IgnoreErrors final : public kj::TaskSet::ErrorHandler
    {
        void taskFailed(kj::Exception&&) override {}
    };
    messages::Callback::Client m_callback{nullptr};
    Thread::Client m_callback_thread{nullptr};
    int32_t m_called_back{0};
    IgnoreErrors m_ignore_errors;
    kj::TaskSet m_calls{m_ignore_errors};
};

class ForeignServers : public testing::Test
{
protected:
    template <typename Service = PlainService, typename... Args>
    std::unique_ptr<ServiceClient> connect(Args&&... args)
    {
        const auto sockets = SocketPair();
        m_server.emplace(sockets[0], [&args...] { return kj::heap<Service>(args...); });
        return ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), sockets[1]));
    }

    Logs m_logs;
    std::optional<ForeignServer> m_server;
    LoopThread m_client{m_logs.options()};
};

TEST_F(ForeignServers, AreCalledWithoutThreadsOfTheirs)
{
    const auto service = connect();
    EXPECT_EQ(service->add(1, 2), 3);
    EXPECT_EQ(service->addOnWorker(3, 4), 7);
    std::thread([&] { EXPECT_EQ(service->addOnWorker(5, 6), 11); }).join();
}

TEST_F(ForeignServers, ThatRefuseConstructAreLeft)
{
    class Refusing final : public messages::Service::Server
    {
    };
    const auto sockets = SocketPair();
    m_server.emplace(sockets[0], [] { return kj::heap<Refusing>(); });
    const std::string error = ErrorOf(
        [&] { ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), sockets[1])); });
    EXPECT_NE(error.find("unimplemented"), std::string::npos) << error;
    // The server ends when its client has closed, and the client's loop when it has no connection.
    m_server.reset();
    m_client.release();
}

TEST_F(ForeignServers, CallBackOnTheCallersThread)
{
    const auto service = connect();
    std::thread::id thread;
    FnCallback callback([&](int32_t arg) {
        thread = std::this_thread::get_id();
        return arg * 2;
    });
    EXPECT_EQ(service->lend(callback, 21), 42);
    EXPECT_EQ(thread, std::this_thread::get_id());
}

//! Notes the threads that call it.
class NotingCallback final : public Callback
{
public:
    explicit NotingCallback(std::vector<std::thread::id>& threads) : m_threads(threads) {}
    int32_t call(int32_t arg) override
    {
        m_threads.push_back(std::this_thread::get_id());
        return arg;
    }

private:
    std::vector<std::thread::id>& m_threads;
};

TEST_F(ForeignServers, AnswerAndCallBackAtOnceWithoutLoss)
{
    const auto service = connect();
    std::vector<std::thread::id> threads;
    service->share(std::make_shared<NotingCallback>(threads));
    for (int i = 1; i <= 1000; ++i) {
        service->callShared(i);
        // The last one may come too late for this call, and run in the next.
        EXPECT_GE(threads.size(), static_cast<size_t>(i));
    }
    EXPECT_EQ(service->add(1, 2), 3);
    EXPECT_EQ(threads, std::vector<std::thread::id>(1001, std::this_thread::get_id()));
}

TEST_F(ForeignServers, CallBackWhenTheThreadIsInACallAgain)
{
    const auto service = connect();
    std::vector<std::thread::id> threads;
    service->share(std::make_shared<NotingCallback>(threads));
    EXPECT_EQ(service->add(1, 2), 3);
    ASSERT_EQ(threads.size(), 1u);
    // The callback is for this thread, which is not in a call, and comes before the answer.
    std::thread([&] { service->callShared(5); }).join();
    EXPECT_EQ(threads.size(), 1u);
    EXPECT_EQ(service->add(1, 2), 3);
    EXPECT_EQ(threads, std::vector<std::thread::id>(2, std::this_thread::get_id()));
}

TEST_F(ForeignServers, CallBackWhenTheThreadIsInACallAgainThatWasInAScope)
{
    const auto service = connect();
    std::vector<std::thread::id> threads;
    {
        const DeadlineScope scope(std::chrono::hours(1));
        service->share(std::make_shared<NotingCallback>(threads));
    }
    EXPECT_EQ(service->add(1, 2), 3);
    std::thread([&] { service->callShared(5); }).join();
    EXPECT_EQ(service->add(1, 2), 3);
    EXPECT_EQ(threads, std::vector<std::thread::id>(2, std::this_thread::get_id()));
}

TEST_F(ForeignServers, CallBackNoThreadThatHasEndedAfterACallInAScope)
{
    const auto service = connect();
    std::vector<std::thread::id> threads;
    std::thread([&] {
        const DeadlineScope scope(std::chrono::hours(1));
        service->share(std::make_shared<NotingCallback>(threads));
        EXPECT_EQ(service->add(1, 2), 3);
    }).join();
    service->callShared(5);
    EXPECT_TRUE(m_logs.waitFor("the thread that was to execute the request has ended"));
    EXPECT_EQ(threads.size(), 1u);
}

TEST_F(ForeignServers, CallBackNoMoreWhenTheConnectionIsGone)
{
    auto service = connect();
    std::vector<std::thread::id> threads;
    service->share(std::make_shared<NotingCallback>(threads));
    EXPECT_EQ(service->add(1, 2), 3);
    std::thread([&] { service->callShared(5); }).join();
    service.reset();
    EXPECT_TRUE(m_logs.has(Log::Info, "canceled before it could be executed")) << m_logs.all();
    // Nor in a call over another connection.
    m_server.reset();
    const auto other = connect();
    EXPECT_EQ(other->addOnWorker(1, 2), 3);
    EXPECT_EQ(threads.size(), 1u);
}

TEST_F(ForeignServers, FailuresAreRaised)
{
    const auto service = connect();
    const std::string failed = ErrorOf([&] { service->run("x"); });
    const std::string expected = "kj::Exception: (remote):0: failed: remote exception: refused by the foreign server";
    EXPECT_EQ(failed.substr(0, expected.size()), expected);
    const std::string missing = ErrorOf([&] { service->makeAccount(); });
    EXPECT_NE(missing.find("unimplemented"), std::string::npos) << missing;
    EXPECT_EQ(service->add(1, 2), 3);
}

TEST_F(ForeignServers, MalformedAnswersAreExceptionsOnTheCallersThread)
{
    const auto service = connect();
    for (int i = 0; i < 10; ++i) {
        std::thread([&] { EXPECT_NE(ErrorOf([&] { service->echo({1, 2, 3}); }), "no exception"); }).join();
        EXPECT_NE(ErrorOf([&] { service->echo({1, 2, 3}); }), "no exception");
    }
    EXPECT_EQ(service->add(1, 2), 3);
}

TEST_F(ForeignServers, VanishingInterruptsTheCall)
{
    const auto service = connect();
    std::thread stopper([&] {
        EXPECT_TRUE(m_logs.waitFor("IPC client send Service.runOnLoop"));
        m_server->stop();
    });
    EXPECT_EQ(ErrorOf([&] { service->runOnLoop("x"); }), INTERRUPTED);
    stopper.join();
    EXPECT_TRUE(m_logs.waitFor("IPC client: unexpected network disconnect."));
    EXPECT_EQ(ErrorOf([&] { service->add(1, 2); }), AFTER);
}

//! What a server with threads of its own is told.
struct Told
{
    std::string thread_name;
    std::string callback_thread_name;
    bool own_thread{false};
    std::atomic<int> destroyed{0};
    Signal callback_dropped;
};

//! A thread made by hand: it has a name, and that is all.
class NamedThread final : public Thread::Server
{
public:
    explicit NamedThread(std::string name) : m_name(std::move(name)) {}
    kj::Promise<void> getName(GetNameContext context) override
    {
        context.getResults().setResult(m_name);
        return kj::READY_NOW;
    }

private:
    const std::string m_name;
};

class Threads final : public ThreadMap::Server
{
public:
    explicit Threads(Told& told) : m_told(told) {}
    kj::Promise<void> makeThread(MakeThreadContext context) override
    {
        m_told.thread_name = context.getParams().getName();
        context.getResults().setResult(kj::heap<NamedThread>("made by hand"));
        return kj::READY_NOW;
    }

private:
    Told& m_told;
};

class PlainAccount final : public messages::Account::Server
{
public:
    explicit PlainAccount(Told& told) : m_told(told) {}
    kj::Promise<void> next(NextContext context) override
    {
        context.getResults().setResult(++m_value);
        return kj::READY_NOW;
    }
    kj::Promise<void> destroy(DestroyContext context) override
    {
        EXPECT_TRUE(context.getParams().getContext().hasThread());
        ++m_told.destroyed;
        return kj::READY_NOW;
    }

private:
    Told& m_told;
    int32_t m_value{0};
};

//! Has threads, and answers with promises of objects.
class ThreadedService final : public messages::Service::Server
{
public:
    explicit ThreadedService(Told& told) : m_told(told) {}

private:
    kj::Promise<void> construct(ConstructContext context) override
    {
        EXPECT_TRUE(context.getParams().hasThreadMap());
        context.getResults().setThreadMap(kj::heap<Threads>(m_told));
        return kj::READY_NOW;
    }
    kj::Promise<void> run(RunContext context) override
    {
        auto named = context.getParams().getContext();
        auto own = named.getThread().getNameRequest().send();
        auto callers = named.getCallbackThread().getNameRequest().send();
        return own.then([this, callers = kj::mv(callers)](auto&& name) mutable {
            m_told.own_thread = name.getResult() == "made by hand";
            return callers.then([this](auto&& name) { m_told.callback_thread_name = name.getResult(); });
        }).then([context]() mutable { context.getResults().setResult("done"); });
    }
    kj::Promise<void> makeAccount(MakeAccountContext context) override
    {
        // The object comes later than the answer.
        messages::Account::Client later = kj::evalLater([this]() -> messages::Account::Client {
            return kj::heap<PlainAccount>(m_told);
        });
        context.getResults().setResult(kj::mv(later));
        return kj::READY_NOW;
    }
    kj::Promise<void> share(ShareContext context) override
    {
        // Called without a thread, and then dropped without a word.
        auto callback = context.getParams().getCallback();
        auto request = callback.callRequest();
        request.initContext().setThread(context.getParams().getContext().getCallbackThread());
        return request.send().ignoreResult();
    }

    Told& m_told;
};

TEST_F(ForeignServers, MayHaveThreadsOfTheirOwn)
{
    Told told;
    const auto service = connect<ThreadedService>(told);
    EXPECT_EQ(service->run("x"), "done");
    EXPECT_TRUE(told.own_thread);
    EXPECT_EQ(told.thread_name, CurrentThread().thread_name);
    EXPECT_EQ(told.callback_thread_name, CurrentThread().thread_name);
}

TEST_F(ForeignServers, MayPromiseObjects)
{
    Told told;
    const auto service = connect<ThreadedService>(told);
    auto account = service->makeAccount();
    EXPECT_EQ(account->next(), 1);
    EXPECT_EQ(account->next(), 2);
    account.reset();
    EXPECT_EQ(told.destroyed, 1);
}

TEST_F(ForeignServers, MayDropCallbacksWithoutDestroyingThem)
{
    class Dropped final : public Callback
    {
    public:
        explicit Dropped(Signal& signal) : m_signal(signal) {}
        ~Dropped() override { m_signal.set(); }
        int32_t call(int32_t arg) override { return arg; }

    private:
        Signal& m_signal;
    };
    Told told;
    const auto service = connect<ThreadedService>(told);
    service->share(std::make_shared<Dropped>(told.callback_dropped));
    EXPECT_TRUE(told.callback_dropped.wait());
    EXPECT_EQ(service->run("x"), "done");
}

} // namespace
} // namespace mp::test
