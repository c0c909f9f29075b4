#include <capnp/any.h>
#include <gtest/gtest.h>

#include <kj/debug.h>
#include <rpc/support/foreign.h>
#include <rpc/support/errors.h>
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
};

class ForeignServers : public testing::Test
{
protected:
    std::unique_ptr<ServiceClient> connect()
    {
        const auto sockets = SocketPair();
        m_server.emplace(sockets[0], [] { return kj::heap<PlainService>(); });
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

} // namespace
} // namespace mp::test
