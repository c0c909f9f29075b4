#include <atomic>
#include <capnp/rpc-twoparty.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <unistd.h>
#include <vector>

#include <rpc/support/foreign-clients.h>
#include <rpc/support/gate.h>

namespace mp::test {
namespace {

TEST_F(ForeignClients, NeedNotSendAThreadMap)
{
    run([](auto& io, ServicePtr service) {
        EXPECT_TRUE(service.constructRequest().send().wait(io.waitScope).hasThreadMap());
        auto request = service.addRequest();
        request.setA(1);
        request.setB(2);
        EXPECT_EQ(request.send().wait(io.waitScope).getResult(), 3);
    });
}

TEST_F(ForeignClients, NeedNotConstruct)
{
    run([](auto& io, ServicePtr service) {
        auto request = service.addRequest();
        request.setA(1);
        EXPECT_EQ(request.send().wait(io.waitScope).getResult(), 1);
    });
}

TEST_F(ForeignClients, MakeThreadsByHand)
{
    run([](auto& io, ServicePtr service) {
        auto make = threadMapOf(io, service).makeThreadRequest();
        make.setName("foreign");
        // Pipelined: nobody waits for the thread.
        auto thread = make.send().getResult();
        auto request = runRequest(service, "hello");
        request.initContext().setThread(thread);
        EXPECT_EQ(std::string(request.send().wait(io.waitScope).getResult().cStr()), "hello");
        const std::string name = thread.getNameRequest().send().wait(io.waitScope).getResult().cStr();
        EXPECT_EQ(name.find("mptest-"), 0u) << name;
        EXPECT_NE(name.find(" (from foreign)"), std::string::npos) << name;
    });
}

TEST_F(ForeignClients, GetAnErrorWithoutThreadAndPool)
{
    run([](auto& io, ServicePtr service) {
        auto request = runRequest(service, "x");
        EXPECT_EQ(errorOf(io, request.send()),
                  "failed: remote exception: std::exception: no thread specified and no pool configured");
        auto again = runRequest(service, "x");
        again.initContext();
        EXPECT_EQ(errorOf(io, again.send()),
                  "failed: remote exception: std::exception: no thread specified and no pool configured");
    });
    EXPECT_TRUE(m_logs.has(Log::Error, "no thread specified and no pool configured"));
}

class FakeThread final : public Thread::Server
{
};

TEST_F(ForeignClients, GetAnErrorForAThreadOfTheirOwn)
{
    run([](auto& io, ServicePtr service) {
        auto request = runRequest(service, "x");
        request.initContext().setThread(kj::heap<FakeThread>());
        EXPECT_EQ(errorOf(io, request.send()), "failed: remote exception: std::exception: invalid thread handle");
        // Another kind of object.
        auto other = runRequest(service, "x");
        other.initContext().setThread(capnp::Capability::Client(service).castAs<Thread>());
        EXPECT_EQ(errorOf(io, other.send()), "failed: remote exception: std::exception: invalid thread handle");
    });
    EXPECT_EQ(m_logs.count("missing thread to execute request"), 2u);
}

TEST_F(ForeignClients, GetAnErrorForAThreadOfAnotherConnection)
{
    const SocketId second_socket = dial();
    run([second_socket](auto& io, ServicePtr service) {
        auto stream = io.lowLevelProvider->wrapSocketFd(second_socket, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        capnp::TwoPartyClient second(*stream);
        auto other = second.bootstrap().template castAs<messages::Service>();
        auto thread = threadMapOf(io, other).makeThreadRequest().send().wait(io.waitScope).getResult();
        auto request = runRequest(service, "x");
        request.initContext().setThread(thread);
        EXPECT_EQ(errorOf(io, request.send()), "failed: remote exception: std::exception: invalid thread handle");
    });
}

TEST_F(ForeignClients, GetAnErrorForABrokenThread)
{
    run([](auto& io, ServicePtr service) {
        auto request = runRequest(service, "x");
        // What a thread is that was made through a ThreadMap which was never given.
        ThreadMap::Client none(nullptr);
        request.initContext().setThread(none.makeThreadRequest().send().getResult());
        const std::string error = errorOf(io, request.send());
        EXPECT_NE(error.find("Called null capability"), std::string::npos) << error;
    });
    EXPECT_TRUE(m_logs.has(Log::Info, "CapabilityServerSet<Thread>::getLocalServer call failed, did you forget to "
                                      "provide a ThreadMap to the client prior to this IPC call?"))
        << m_logs.all();
}

TEST_F(ForeignClients, UseAPool)
{
    std::mutex mutex;
    std::set<std::string> names;
    Signal both_run;
    m_impl.on_run = [&](const std::string& what) {
        {
            const std::lock_guard lock(mutex);
            names.insert(CurrentThread().thread_name);
            if (names.size() == 2) both_run.set();
        }
        EXPECT_TRUE(both_run.wait());
        return what;
    };
    run([](auto& io, ServicePtr service) {
        auto pool = threadMapOf(io, service).makePoolRequest();
        pool.setCount(2);
        pool.send().wait(io.waitScope);
        kj::Vector<kj::Promise<void>> calls;
        for (int i = 0; i < 3; ++i) {
            auto request = runRequest(service, std::to_string(i));
            if (i > 0) request.initContext();
            calls.add(request.send().then([i](auto&& response) {
                EXPECT_EQ(std::string(response.getResult().cStr()), std::to_string(i));
            }));
        }
        for (auto& call : calls) call.wait(io.waitScope);
    });
    EXPECT_EQ(names.size(), 2u);
    for (const auto& name : names) EXPECT_NE(name.find(" (pool/"), std::string::npos) << name;
}

TEST_F(ForeignClients, MakeOnePoolOnly)
{
    run([](auto& io, ServicePtr service) {
        auto map = threadMapOf(io, service);
        auto none = map.makePoolRequest();
        none.setCount(0);
        none.send().wait(io.waitScope);
        EXPECT_NE(errorOf(io, runRequest(service, "x").send()).find("no pool configured"), std::string::npos);
        auto first = map.makePoolRequest();
        first.setCount(1);
        first.send().wait(io.waitScope);
        auto second = map.makePoolRequest();
        second.setCount(1);
        EXPECT_EQ(errorOf(io, second.send()),
                  "failed: remote exception: std::exception: makePool called on connection with existing pool");
        EXPECT_EQ(std::string(runRequest(service, "y").send().wait(io.waitScope).getResult().cStr()), "y");
        // A named thread is honoured all the same.
        auto thread = map.makeThreadRequest().send().getResult();
        auto request = runRequest(service, "z");
        request.initContext().setThread(thread);
        EXPECT_EQ(std::string(request.send().wait(io.waitScope).getResult().cStr()), "z");
    });
}

TEST_F(ForeignClients, AreRefusedTooManyThreads)
{
    run([](auto& io, ServicePtr service) {
        auto map = threadMapOf(io, service);
        auto pool = map.makePoolRequest();
        pool.setCount(0xffffffffu);
        EXPECT_NE(errorOf(io, pool.send()).find("too many threads"), std::string::npos);
        constexpr int LIMIT = 1024;
        std::vector<Thread::Client> threads;
        for (int i = 0; i < LIMIT; ++i) {
            auto promise = map.makeThreadRequest().send();
            threads.push_back(promise.getResult());
            ASSERT_EQ(errorOf(io, kj::mv(promise)), "no exception") << i;
        }
        EXPECT_NE(errorOf(io, map.makeThreadRequest().send()).find("too many threads: a connection has at most 1024"),
                  std::string::npos);
        auto request = runRequest(service, "still there");
        request.initContext().setThread(threads.back());
        EXPECT_EQ(std::string(request.send().wait(io.waitScope).getResult().cStr()), "still there");
    });
}

//! A callback without threads.
class PlainCallback final : public messages::Callback::Server
{
    kj::Promise<void> call(CallContext context) override
    {
        context.getResults().setResult(context.getParams().getArg() + 1);
        return kj::READY_NOW;
    }
};

TEST_F(ForeignClients, AreCalledBackWithoutThreadsOfTheirs)
{
    run([](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto request = service.lendRequest();
        request.initContext().setThread(thread); // and no callbackThread
        request.setCallback(kj::heap<PlainCallback>());
        request.setArg(41);
        EXPECT_EQ(request.send().wait(io.waitScope).getResult(), 42);
    });
}

class NamedThread final : public Thread::Server
{
public:
    explicit NamedThread(kj::StringPtr name) : m_name(name) {}
    kj::Promise<void> getName(GetNameContext context) override
    {
        context.getResults().setResult(m_name);
        return kj::READY_NOW;
    }

private:
    const kj::StringPtr m_name;
};

//! Tells the name of the thread that it is to run on.
class NamingCallback final : public messages::Callback::Server
{
public:
    explicit NamingCallback(std::string& name) : m_name(name) {}
    kj::Promise<void> call(CallContext context) override
    {
        return context.getParams().getContext().getThread().getNameRequest().send().then(
            [this](auto&& result) { m_name = result.getResult().cStr(); });
    }

private:
    std::string& m_name;
};

bool Sleeps(pid_t thread)
{
    std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
    std::string text;
    std::getline(stat, text);
    return text.substr(text.rfind(')')).rfind(") S", 0) == 0;
}

// A worker calls back while another thread has its loop, and a request that waits for the worker has a callback thread of
// its own.
TEST_F(ForeignClients, AreCalledBackOnTheThreadOfTheRequestThatCalls)
{
    std::atomic<bool> second_started{false};
    std::thread owner;
    m_impl.on_run = [&](const std::string& what) {
        second_started = true;
        return what;
    };
    m_impl.on_lend = [&] {
        EXPECT_TRUE(m_logs.waitFor("IPC server post request", 2));
        std::atomic<bool> owned{false};
        owner = std::thread([&, worker = gettid()] {
            m_server.loop().sync([&] {
                owned = true;
                while (!Sleeps(worker) && !second_started) std::this_thread::yield();
            });
        });
        // Awake until it waits for the loop.
        while (!owned) std::this_thread::yield();
    };
    std::string called_on;
    run([&](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto lend = service.lendRequest();
        lend.initContext().setThread(thread);
        lend.getContext().setCallbackThread(kj::heap<NamedThread>("first"));
        lend.setCallback(kj::heap<NamingCallback>(called_on));
        auto second = runRequest(service, "second");
        second.initContext().setThread(thread);
        second.getContext().setCallbackThread(kj::heap<NamedThread>("second"));
        auto lent = lend.send();
        auto ran = second.send();
        lent.wait(io.waitScope);
        ran.wait(io.waitScope);
    });
    owner.join();
    EXPECT_EQ(called_on, "first");
}

class FnCallbackServer final : public messages::Callback::Server
{
public:
    explicit FnCallbackServer(std::function<kj::Promise<void>()> fn) : m_fn(std::move(fn)) {}
    kj::Promise<void> call(CallContext) override { return m_fn(); }

private:
    const std::function<kj::Promise<void>()> m_fn;
};

// A worker lends a callback, which asks it to run a request that calls another callback while another thread has the loop.
// Then the answer to the first callback comes, and a further request. It waits until the second callback is called.
TEST_F(ForeignClients, MayAnswerBeforeACallFromWithinIsBuilt)
{
    std::atomic<bool> owned{false};
    std::atomic<bool> second_started{false};
    bool started_too_soon = false;
    std::thread owner;
    m_impl.on_run = [&](const std::string& what) {
        if (what == "second") {
            second_started = true;
            return what;
        }
        owner = std::thread([&, worker = gettid()] {
            EventLoop& loop = m_server.loop();
            loop.sync([&] {
                owned = true;
                while (!Sleeps(worker)) std::this_thread::yield();
                // Events are served meanwhile, but no calls are built.
                kj::Timer& timer = loop.m_io_context.provider->getTimer();
                for (int i = 0; i < 20 && !second_started; ++i) {
                    timer.afterDelay(5 * kj::MILLISECONDS).wait(loop.m_io_context.waitScope);
                }
                started_too_soon = second_started;
            });
        });
        // Awake until it waits for the loop.
        while (!owned) std::this_thread::yield();
        m_impl.callShared(1);
        return what;
    };
    run([&](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        Thread::Client callback_thread = kj::heap<NamedThread>("client");
        auto prepare = [&](auto request) {
            request.initContext().setThread(thread);
            request.getContext().setCallbackThread(callback_thread);
            return request;
        };
        auto share = prepare(service.shareRequest());
        share.setCallback(kj::heap<FnCallbackServer>([]() -> kj::Promise<void> { return kj::READY_NOW; }));
        share.send().wait(io.waitScope);
        std::vector<kj::Promise<void>> more;
        auto ask = [&](const char* what) {
            more.push_back(prepare(runRequest(service, what)).send().ignoreResult().eagerlyEvaluate(nullptr));
        };
        std::function<kj::Promise<void>()> answer = [&]() -> kj::Promise<void> {
            if (!owned) {
                return io.provider->getTimer().afterDelay(1 * kj::MILLISECONDS).then([&] { return answer(); });
            }
            ask("second");
            return kj::READY_NOW;
        };
        auto lend = prepare(service.lendRequest());
        lend.setCallback(kj::heap<FnCallbackServer>([&] {
            ask("first");
            return answer();
        }));
        lend.send().wait(io.waitScope);
        for (auto& promise : more) promise.wait(io.waitScope);
    });
    owner.join();
    m_impl.drop();
    EXPECT_FALSE(started_too_soon);
    EXPECT_TRUE(second_started);
}

TEST_F(ForeignClients, MayDropObjectsWithoutDestroyingThem)
{
    Signal counter_destroyed;
    m_impl.on_counter_destroyed = [&] { counter_destroyed.set(); };
    run([](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto request = service.makeCounterRequest();
        request.initContext().setThread(thread);
        auto counter = request.send().wait(io.waitScope).getResult();
        EXPECT_EQ(counter.nextRequest().send().wait(io.waitScope).getResult(), 1);
    });
    EXPECT_TRUE(counter_destroyed.wait());
    EXPECT_TRUE(m_logs.waitFor("IPC server: socket disconnected."));
}

TEST_F(ForeignClients, PipelineOnResults)
{
    Signal destroyed;
    m_impl.on_make_account = [&] {
        return std::make_unique<WatchedAccount>([&] { destroyed.set(); });
    };
    run([&](auto& io, ServicePtr service) {
        // All of it leaves in one go; nothing is waited for before the end.
        auto map = service.constructRequest().send().getThreadMap();
        auto thread = map.makeThreadRequest().send().getResult();
        auto make = service.makeAccountRequest();
        make.initContext().setThread(thread);
        auto account = make.send().getResult();
        auto first = account.nextRequest().send();
        auto second = account.nextRequest().send();
        EXPECT_EQ(first.wait(io.waitScope).getResult(), 1);
        EXPECT_EQ(second.wait(io.waitScope).getResult(), 2);
        // Not waited for: the object goes nevertheless.
        auto destroy = account.destroyRequest();
        destroy.initContext().setThread(thread);
        destroy.send().ignoreResult().detach([](kj::Exception&& error) { ADD_FAILURE() << kj::str(error).cStr(); });
        io.waitScope.poll();
        EXPECT_EQ(std::string(thread.getNameRequest().send().wait(io.waitScope).getResult().cStr()).find("mptest-"), 0u);
    });
    EXPECT_TRUE(destroyed.wait());
}

TEST_F(ForeignClients, MayDropOneObjectAndGoOn)
{
    Signal destroyed;
    m_impl.on_counter_destroyed = [&] { destroyed.set(); };
    run([&](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto request = service.makeCounterRequest();
        request.initContext().setThread(thread);
        kj::Maybe<messages::Counter::Client> counter = request.send().wait(io.waitScope).getResult();
        EXPECT_FALSE(destroyed.isSet());
        counter = nullptr;
        auto add = [&] { return service.addRequest().send().wait(io.waitScope).getResult(); };
        // The release goes with the next request.
        EXPECT_EQ(add(), 0);
        EXPECT_TRUE(destroyed.wait());
        EXPECT_EQ(add(), 0);
    });
}

TEST_F(ForeignClients, MayPassNoCallback)
{
    run([](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto give = service.giveRequest();
        give.initContext().setThread(thread);
        EXPECT_EQ(give.send().wait(io.waitScope).getResult(), -1);
        // A reference has to be one: the call on it fails.
        auto lend = service.lendRequest();
        lend.initContext().setThread(thread);
        EXPECT_NE(errorOf(io, lend.send()), "no exception");
        EXPECT_EQ(service.addRequest().send().wait(io.waitScope).getResult(), 0);
    });
}

TEST_F(ForeignClients, MayVanishDuringACall)
{
    Gate gate;
    m_impl.on_run = [&](const std::string& what) {
        gate.pass();
        return what;
    };
    run([&](auto& io, ServicePtr service) {
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto request = runRequest(service, "x");
        request.initContext().setThread(thread);
        auto promise = request.send();
        // The request leaves when this loop turns.
        while (!gate.isReached()) {
            io.provider->getTimer().afterDelay(1 * kj::MILLISECONDS).wait(io.waitScope);
        }
    });
    EXPECT_TRUE(m_logs.waitFor("canceled while executing."));
    EXPECT_TRUE(m_logs.waitFor("IPC server: socket disconnected."));
    gate.open();
    EXPECT_TRUE(m_logs.waitFor("interrupted (canceled)"));
}

TEST_F(ForeignClients, MayVanishWhileTheyAreCalledBack)
{
    class SilentCallback final : public messages::Callback::Server
    {
    public:
        explicit SilentCallback(bool& called) : m_called(called) {}
        kj::Promise<void> call(CallContext) override
        {
            m_called = true;
            return kj::NEVER_DONE;
        }

    private:
        bool& m_called;
    };
    run([](auto& io, ServicePtr service) {
        bool called = false;
        auto thread = threadMapOf(io, service).makeThreadRequest().send().getResult();
        auto request = service.lendRequest();
        request.initContext().setThread(thread);
        request.setCallback(kj::heap<SilentCallback>(called));
        auto promise = request.send();
        while (!called) io.provider->getTimer().afterDelay(1 * kj::MILLISECONDS).wait(io.waitScope);
    });
    EXPECT_TRUE(m_logs.waitFor("interrupted (canceled)"));
}

} // namespace
} // namespace mp::test
