#include <future>
#include <gtest/gtest.h>

#include <kj/debug.h>
#include <mp/proxy-invoke.h>
#include <rpc/support/errors.h>
#include <rpc/support/session.h>
#include <stdexcept>
#include <thread>

namespace mp::test {
namespace {

TEST(Exceptions, DeclaredStructArrivesAsItsType)
{
    Session session;
    try {
        session.client->fail("wrong", /* declared= */ true);
        FAIL() << "no exception";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.text, "wrong");
        EXPECT_EQ(failure.position, 7);
    }
    EXPECT_EQ(session.client->add(1, 2), 3);
}

TEST(Exceptions, DeclaredStandardExceptionArrivesWithItsText)
{
    Session session;
    EXPECT_EQ(ErrorOf([&] { session.client->fail("just text", /* declared= */ false); }), "just text");
    EXPECT_EQ(ErrorOf([&] { session.client->fail("", /* declared= */ false); }), "");
    EXPECT_THROW(session.client->fail("just text", /* declared= */ false), std::runtime_error);
    EXPECT_EQ(session.clientLogs().countLevel(Log::Raise), 0u);
}

TEST(Exceptions, UndeclaredOnAWorkerIsRaised)
{
    Session session;
    session.impl.on_run = [](const std::string&) -> std::string { throw std::runtime_error("boom"); };
    const std::string error = ErrorOf([&] { session.client->run("x"); });
    const std::string expected = "kj::Exception: (remote):0: failed: remote exception: std::exception: boom";
    EXPECT_EQ(error.substr(0, expected.size()), expected);
    // The caller gets what the log function throws, which is told the same twice.
    const auto messages = session.clientLogs().messages();
    ASSERT_GE(messages.size(), 2u);
    const LogMessage& info = messages[messages.size() - 2];
    EXPECT_EQ(info.level, Log::Info);
    EXPECT_EQ(info.message, "{" + CurrentThread().thread_name + "} IPC client exception " + error);
    EXPECT_EQ(messages.back().level, Log::Raise);
    EXPECT_EQ(messages.back().message, error);
    EXPECT_TRUE(session.serverLogs().has(Log::Error, "uncaught exception ("));
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
}

TEST(Exceptions, UndeclaredOnTheLoopIsRaised)
{
    Session session;
    session.impl.on_loop = [](const std::string&) -> std::string { throw std::runtime_error("boom"); };
    EXPECT_EQ(ErrorOf([&] { session.client->runOnLoop("x"); })
                  .find("kj::Exception: (remote):0: failed: remote exception: std::exception: boom"),
              0u);
    EXPECT_TRUE(session.serverLogs().hasLine(Log::Error, THREAD + "IPC server unhandled exception: boom"));
    EXPECT_EQ(session.client->add(1, 2), 3);
}

TEST(Exceptions, OfNoClassIsNamedByItsType)
{
    Session session;
    session.impl.on_run = [](const std::string&) -> std::string { throw 7; };
    session.impl.on_loop = [](const std::string&) -> std::string { throw 7; };
    const std::string expected = "remote exception: unknown non-KJ exception of type: int";
    EXPECT_NE(ErrorOf([&] { session.client->run("x"); }).find(expected), std::string::npos);
    EXPECT_NE(ErrorOf([&] { session.client->runOnLoop("x"); }).find(expected), std::string::npos);
    EXPECT_TRUE(session.serverLogs().hasLine(Log::Error, THREAD + "IPC server unhandled exception"));
    EXPECT_EQ(session.client->add(1, 2), 3);
}

TEST(Exceptions, OfKjKeepTheirDescription)
{
    Session session;
    session.impl.on_run = [](const std::string&) -> std::string {
        kj::throwFatalException(kj::Exception(kj::Exception::Type::FAILED, "file", 1, kj::str("from kj")));
    };
    EXPECT_NE(ErrorOf([&] { session.client->run("x"); }).find("remote exception: from kj"), std::string::npos);
}

TEST(Exceptions, OfKjAboutDisconnectsLookLikeOne)
{
    Session session;
    session.impl.on_run = [](const std::string&) -> std::string {
        kj::throwFatalException(kj::Exception(kj::Exception::Type::DISCONNECTED, "file", 1, kj::str("another peer")));
    };
    EXPECT_EQ(ErrorOf([&] { session.client->run("x"); }), INTERRUPTED);
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
}

TEST(Exceptions, WithoutTextArriveWithoutText)
{
    Session session;
    session.impl.on_run = [](const std::string&) -> std::string { throw std::runtime_error(""); };
    const std::string error = ErrorOf([&] { session.client->run("x"); });
    const std::string expected = "kj::Exception: (remote):0: failed: remote exception: std::exception: ";
    EXPECT_EQ(error.substr(0, expected.size()), expected);
}

TEST(Exceptions, WhileARequestIsBuiltReachTheCaller)
{
    Session session;
    constexpr auto params = [] { return capnp::StructSchema(capnp::Schema::from<messages::Service::AddParams>()); };
    const MethodInfo method{"Service.add", capnp::typeId<messages::Service>(), 1, params, params};
    auto call = [&](auto build) {
        auto read = [](ClientInvokeContext&, capnp::AnyPointer::Reader) {};
        return ErrorOf([&] { InvokeClient(session.client->m_context, session.client->m_client, method, build, read); });
    };
    auto build = [](ClientInvokeContext&, capnp::AnyPointer::Builder) { throw std::range_error("can't be sent"); };
    EXPECT_EQ(call(build), "can't be sent");
    std::thread([&] {
        // Here another thread builds it.
        const auto io = kj::setupAsyncIo();
        EXPECT_EQ(call(build), "can't be sent");
    }).join();
    auto large = [](ClientInvokeContext&, capnp::AnyPointer::Builder) {
        kj::throwFatalException(KJ_EXCEPTION(FAILED, "too large"));
    };
    EXPECT_NE(call(large).find("too large"), std::string::npos);
    EXPECT_EQ(session.client->add(1, 2), 3);
}

TEST(Exceptions, InterruptOnAWorkerIsAnEmptyAnswer)
{
    Session session;
    session.impl.on_run = [](const std::string&) -> std::string { throw InterruptException("stop it"); };
    EXPECT_EQ(session.client->run("x"), "");
    EXPECT_TRUE(session.serverLogs().has(Log::Info, "interrupted (stop it)"));
}

TEST(Exceptions, InterruptOnTheLoopIsOrdinary)
{
    Session session;
    session.impl.on_loop = [](const std::string&) -> std::string { throw InterruptException("stop it"); };
    EXPECT_NE(ErrorOf([&] { session.client->runOnLoop("x"); }).find("std::exception: stop it"), std::string::npos);
}

TEST(Exceptions, DeclaredStandardExceptionCatchesInterrupts)
{
    Session session;
    session.impl.on_fail = [] { throw InterruptException("stop it"); };
    EXPECT_EQ(ErrorOf([&] { session.client->fail("", /* declared= */ false); }), "stop it");
    EXPECT_FALSE(session.serverLogs().has("interrupted"));
}

TEST(Exceptions, OfACancelledRequestAreDropped)
{
    // Declared or not: there are no results any more.
    for (const bool declared : {true, false}) {
        Signal released;
        Session session;
        session.impl.on_fail = [&] {
            session.disconnectServer();
            EXPECT_TRUE(released.wait());
        };
        EXPECT_EQ(ErrorOf([&] { session.client->fail("late", declared); }), INTERRUPTED);
        released.set();
        EXPECT_TRUE(session.serverLogs().waitFor("interrupted (canceled)"));
    }
    Signal released;
    Session session;
    session.impl.on_run = [&](const std::string&) -> std::string {
        session.disconnectServer();
        EXPECT_TRUE(released.wait());
        throw InterruptException("stop it");
    };
    EXPECT_EQ(ErrorOf([&] { session.client->run("x"); }), INTERRUPTED);
    released.set();
    EXPECT_TRUE(session.serverLogs().waitFor("interrupted (stop it)"));
}

TEST(Exceptions, WithoutALogFunctionGiveADefaultResult)
{
    Logs server_logs;
    ServiceImpl impl;
    impl.on_run = [](const std::string&) -> std::string { throw std::runtime_error("boom"); };
    LoopThread server(server_logs.options());
    LoopThread client(LogOptions{});
    const auto sockets = SocketPair();
    server.loop().sync(
        [&] { ServeStream<messages::Service>(server.loop(), MakeStream(server.loop(), sockets[0]), impl); });
    auto service = ConnectStream<messages::Service>(client.loop(), MakeStream(client.loop(), sockets[1]));
    EXPECT_EQ(service->run("x"), "");
    server.loop().sync([&] { server.loop().m_incoming_connections.clear(); });
    EXPECT_EQ(service->addOnWorker(1, 2), 0);
}

TEST(Exceptions, LogFunctionThatDoesNotThrowGivesADefaultResult)
{
    // Two loops of its own: the session's log function throws.
    std::atomic<int> raised{0};
    Logs server_logs;
    ServiceImpl impl;
    impl.on_run = [](const std::string&) -> std::string { throw std::runtime_error("boom"); };
    LoopThread server(server_logs.options());
    LoopThread client(LogOptions{.log_fn = [&](LogMessage message) { raised += message.level == Log::Raise; }});
    const auto sockets = SocketPair();
    server.loop().sync([&] { ServeStream<messages::Service>(server.loop(), MakeStream(server.loop(), sockets[0]), impl); });
    {
        auto service = ConnectStream<messages::Service>(client.loop(), MakeStream(client.loop(), sockets[1]));
        EXPECT_EQ(service->run("x"), "");
    }
    EXPECT_EQ(raised, 1);
}

TEST(Exceptions, OfTheWrapperReachTheOldStyleCallback)
{
    Logs server_logs;
    ServiceImpl impl;
    impl.on_run = [](const std::string&) -> std::string { throw std::runtime_error("boom"); };
    LoopThread server(server_logs.options());
    std::promise<EventLoop*> started;
    std::thread thread([&] {
        EventLoop loop("mptest", [](bool raise, const std::string& message) {
            if (raise) throw std::logic_error("raised: " + message);
        });
        started.set_value(&loop);
        loop.loop();
    });
    {
        const EventLoopRef ref(*started.get_future().get());
        const auto sockets = SocketPair();
        server.loop().sync(
            [&] { ServeStream<messages::Service>(server.loop(), MakeStream(server.loop(), sockets[0]), impl); });
        auto service = ConnectStream<messages::Service>(*ref, MakeStream(*ref, sockets[1]));
        EXPECT_THROW(service->run("x"), std::logic_error);
    }
    thread.join();
}

} // namespace
} // namespace mp::test
