// What clients made with nothing but Cap'n Proto see of failures, and of the end of objects.
#include <gtest/gtest.h>

#include <kj/debug.h>
#include <rpc/support/foreign-clients.h>

namespace mp::test {
namespace {

class ForeignCalls : public ForeignClients
{
protected:
    static Thread::Client makeThread(kj::AsyncIoContext& io, ServicePtr& service)
    {
        return threadMapOf(io, service).makeThreadRequest().send().getResult();
    }
    static messages::Account::Client makeAccount(kj::AsyncIoContext& io, ServicePtr& service, Thread::Client thread)
    {
        auto request = service.makeAccountRequest();
        request.initContext().setThread(thread);
        return request.send().wait(io.waitScope).getResult();
    }
};

TEST_F(ForeignCalls, SeeTheTextOfWhatAMethodThrows)
{
    const std::pair<std::string, std::function<void()>> cases[] = {
        {"std::exception: a method that is gone", [] { throw std::runtime_error("a method that is gone"); }},
        {"std::exception: ", [] { throw std::runtime_error(""); }},
        {"unknown non-KJ exception of type: int", [] { throw 7; }},
        {"from kj", [] { kj::throwFatalException(KJ_EXCEPTION(FAILED, "from kj")); }}};
    for (const auto& [text, thrower] : cases) {
        m_impl.on_run = [&thrower = thrower](const std::string& what) {
            thrower();
            return what;
        };
        m_impl.on_loop = m_impl.on_run;
        run([&text = text](auto& io, ServicePtr service) {
            auto request = runRequest(service, "x");
            request.initContext().setThread(makeThread(io, service));
            EXPECT_EQ(errorOf(io, request.send()), "failed: remote exception: " + text);
            EXPECT_EQ(errorOf(io, service.runOnLoopRequest().send()), "failed: remote exception: " + text);
            // The connection and the server go on.
            EXPECT_EQ(errorOf(io, service.addRequest().send()), "no exception");
        });
    }
}

TEST_F(ForeignCalls, OfAnotherInterfaceAreUnimplemented)
{
    run([](auto& io, ServicePtr service) {
        auto thread = makeThread(io, service);
        EXPECT_EQ(errorOf(io, capnp::Capability::Client(thread).castAs<messages::Account>().nextRequest().send())
                      .substr(0, 15),
                  "unimplemented: ");
    });
}

TEST_F(ForeignCalls, DestroyObjectsAtOnceOrLeaveThem)
{
    std::atomic<int> destroyed{0};
    Signal all_destroyed;
    m_impl.on_make_account = [&] {
        return std::make_unique<WatchedAccount>([&] {
            if (++destroyed == 3) all_destroyed.set();
        });
    };
    run([&](auto& io, ServicePtr service) {
        auto thread = makeThread(io, service);
        {
            // Waited for.
            auto account = makeAccount(io, service, thread);
            EXPECT_EQ(account.nextRequest().send().wait(io.waitScope).getResult(), 1);
            auto destroy = account.destroyRequest();
            destroy.initContext().setThread(thread);
            destroy.send().wait(io.waitScope);
            EXPECT_EQ(destroyed, 1);
            // It is not there any more.
            const std::string gone = " called on an object that was destroyed";
            EXPECT_EQ(errorOf(io, account.nextRequest().send()),
                      "failed: remote exception: std::exception: Account.next" + gone);
            auto again = account.destroyRequest();
            again.initContext().setThread(thread);
            EXPECT_EQ(errorOf(io, again.send()), "failed: remote exception: std::exception: Account.destroy" + gone);
        }
        {
            // Not waited for.
            auto account = makeAccount(io, service, thread);
            auto destroy = account.destroyRequest();
            destroy.initContext().setThread(thread);
            auto promise = destroy.send();
        }
        // Dropped.
        makeAccount(io, service, thread);
        EXPECT_EQ(errorOf(io, service.addRequest().send()), "no exception");
    });
    EXPECT_TRUE(all_destroyed.wait());
    EXPECT_TRUE(m_logs.waitFor("IPC server: socket disconnected."));
}

//! Has no "destroy".
class PlainCallback final : public messages::Callback::Server
{
    kj::Promise<void> call(CallContext context) override
    {
        context.getResults().setResult(context.getParams().getArg() + 1);
        return kj::READY_NOW;
    }
};

TEST_F(ForeignCalls, OfTheServerToDestroyObjectsMayFail)
{
    m_impl.on_run = [&](const std::string& what) {
        m_impl.drop();
        return what;
    };
    run([](auto& io, ServicePtr service) {
        auto thread = makeThread(io, service);
        auto share = service.shareRequest();
        share.initContext().setThread(thread);
        share.setCallback(kj::heap<PlainCallback>());
        share.send().wait(io.waitScope);
        auto request = runRequest(service, "x");
        request.initContext().setThread(thread);
        EXPECT_EQ(errorOf(io, request.send()), "no exception");
    });
    const std::string all = m_logs.all();
    const size_t raised = all.find("Raise: kj::Exception: (remote):0: unimplemented: ");
    EXPECT_NE(raised, std::string::npos) << all;
    EXPECT_LT(raised, all.find("Remote destroy call failed during cleanup. Continuing.")) << all;
}

TEST_F(ForeignCalls, MayEndWhileObjectsHereOwnObjectsThere)
{
    Signal destroyed;
    m_impl.on_make_account = [&] {
        // The account keeps the client's callback.
        return std::make_unique<WatchedAccount>([&] {
            m_impl.drop();
            destroyed.set();
        });
    };
    run([&](auto& io, ServicePtr service) {
        auto thread = makeThread(io, service);
        auto share = service.shareRequest();
        share.initContext().setThread(thread);
        share.setCallback(kj::heap<PlainCallback>());
        share.send().wait(io.waitScope);
        auto account = makeAccount(io, service, thread);
        account.nextRequest().send().wait(io.waitScope);
        // All is left as it is.
    });
    EXPECT_TRUE(destroyed.wait());
    EXPECT_TRUE(m_logs.waitFor("IPC server: socket disconnected."));
    EXPECT_TRUE(m_logs.has(Log::Warning, "Remote destroy call failed during cleanup. Continuing.")) << m_logs.all();
    run([](auto& io, ServicePtr service) { EXPECT_EQ(errorOf(io, service.addRequest().send()), "no exception"); });
}

} // namespace
} // namespace mp::test
