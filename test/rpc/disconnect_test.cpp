#include <gtest/gtest.h>

#include <rpc/support/errors.h>
#include <rpc/support/gate.h>
#include <rpc/support/session.h>
#include <stdexcept>
#include <thread>

namespace mp::test {
namespace {

TEST(Disconnect, CallAfterTheClientsOwn)
{
    Session session;
    session.disconnectClient();
    EXPECT_EQ(ErrorOf([&] { session.client->add(1, 2); }), AFTER);
    EXPECT_EQ(ErrorOf([&] { session.client->addOnWorker(1, 2); }), AFTER);
    session.clientLoop().sync([&] { EXPECT_EQ(session.client->m_context.connection, nullptr); });
}

TEST(Disconnect, CallAfterTheServers)
{
    Session session;
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
    session.disconnectServer();
    const std::string error = ErrorOf([&] { session.client->addOnWorker(1, 2); });
    EXPECT_TRUE(error == INTERRUPTED || error == AFTER) << error;
}

TEST(Disconnect, FirstCallAfterTheServers)
{
    Session session;
    session.disconnectServer();
    const std::string error = ErrorOf([&] { session.client->addOnWorker(1, 2); });
    EXPECT_TRUE(error == INTERRUPTED || error == AFTER) << error;
}

//! A method that blocks, and the call of it on another thread.
class BlockedCall
{
public:
    explicit BlockedCall(Session& session) : m_session(session)
    {
        session.impl.on_run = [this](const std::string& what) {
            m_gate.pass();
            m_left.set();
            return what;
        };
        m_thread = std::thread([this] {
            m_error = ErrorOf([this] { m_session.client->run("x"); });
            m_returned.set();
        });
        EXPECT_TRUE(m_gate.waitReached());
    }
    ~BlockedCall()
    {
        m_gate.open();
        // The method may outlive the call.
        EXPECT_TRUE(m_left.wait());
        m_thread.join();
    }
    //! Text of the call's failure, while the method still blocks.
    std::string error()
    {
        EXPECT_TRUE(m_returned.wait());
        return m_error;
    }

private:
    Session& m_session;
    Gate m_gate;
    Signal m_left;
    Signal m_returned;
    std::string m_error;
    std::thread m_thread;
};

TEST(Disconnect, OfTheServerReleasesTheCallerWhileTheMethodBlocks)
{
    Session session;
    {
        BlockedCall call(session);
        session.disconnectServer();
        EXPECT_EQ(call.error(), INTERRUPTED);
        EXPECT_TRUE(session.serverLogs().has(Log::Info, "canceled while executing."));
        EXPECT_FALSE(session.serverLogs().has("interrupted (canceled)"));
    }
    EXPECT_TRUE(session.serverLogs().waitFor("interrupted (canceled)"));
}

TEST(Disconnect, OfTheClientReleasesTheCallerWhileTheMethodBlocks)
{
    Session session;
    {
        BlockedCall call(session);
        session.disconnectClient();
        EXPECT_EQ(call.error(), INTERRUPTED);
        EXPECT_TRUE(session.serverLogs().waitFor("canceled while executing."));
    }
    EXPECT_TRUE(session.serverLogs().waitFor("interrupted (canceled)"));
}

TEST(Disconnect, ByTheMethodItselfReleasesTheCaller)
{
    for (const Loops loops : {Loops::Two, Loops::One}) {
        Signal released;
        Session session(loops);
        session.impl.on_run = [&](const std::string& what) {
            session.disconnectServer();
            EXPECT_TRUE(released.wait());
            return what;
        };
        EXPECT_EQ(ErrorOf([&] { session.client->run("x"); }), INTERRUPTED);
        released.set();
        EXPECT_TRUE(session.serverLogs().waitFor("interrupted (canceled)"));
    }
}

TEST(Disconnect, OfTheClientByAMethodOnTheSharedLoop)
{
    Session session(Loops::One);
    session.impl.on_loop = [&](const std::string& what) {
        session.connection.reset();
        return what;
    };
    EXPECT_EQ(ErrorOf([&] { session.client->runOnLoop("x"); }), INTERRUPTED);
    EXPECT_EQ(ErrorOf([&] { session.client->runOnLoop("x"); }), AFTER);
}

TEST(Disconnect, EndsCallsOfManyThreads)
{
    Gate gate(8);
    // Destroyed first: methods may outlive their calls.
    Session session;
    session.impl.on_run = [&](const std::string& what) {
        gate.pass();
        return what;
    };
    std::atomic<int> interrupted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] { interrupted += ErrorOf([&] { session.client->run("x"); }) == INTERRUPTED; });
    }
    EXPECT_TRUE(gate.waitReached());
    session.disconnectServer();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(interrupted, 8);
    gate.open();
}

TEST(Disconnect, EndsACallThatWaitsForItsCallback)
{
    Session session;
    FnCallback callback([&](int32_t arg) {
        session.disconnectServer();
        return arg;
    });
    EXPECT_EQ(ErrorOf([&] { session.client->lend(callback, 1); }), INTERRUPTED);
}

TEST(Disconnect, LeavesOtherConnectionsAlone)
{
    Session session;
    {
        const auto other = session.connect();
        EXPECT_EQ(other->addOnWorker(1, 2), 3);
        Gate gate;
        session.impl.on_run = [&](const std::string& what) {
            gate.pass();
            return what;
        };
        std::thread caller([&] { EXPECT_EQ(other->run("x"), "x"); });
        EXPECT_TRUE(gate.waitReached());
        session.disconnectClient();
        ASSERT_TRUE(session.serverLogs().waitFor("IPC server: socket disconnected."));
        EXPECT_EQ(other->addOnWorker(3, 4), 7);
        gate.open();
        caller.join();
    }
    EXPECT_FALSE(session.serverLogs().has("canceled"));
    EXPECT_EQ(ErrorOf([&] { session.client->add(1, 2); }), AFTER);
}

TEST(Disconnect, BeforeTheWorkerWaitsIsHarmless)
{
    Signal closed;
    Session session;
    EventLoop& loop = session.serverLoop();
    loop.sync([&] {
        loop.testing_hook_makethread = [&] {
            // When the loop has done with the request.
            loop.m_task_set->add(kj::evalLater([&] {
                loop.m_incoming_connections.clear();
                closed.set();
            }));
        };
        loop.testing_hook_makethread_created = [&] { EXPECT_TRUE(closed.wait()); };
    });
    EXPECT_EQ(ErrorOf([&] { session.client->addOnWorker(1, 2); }), INTERRUPTED);
}

TEST(Disconnect, WhileTheThreadIsLookedUpSkipsTheMethod)
{
    Session session;
    session.clientLoop().sync([&] {
        auto request = session.client->m_client.runRequest();
        request.initContext().setThread(Thread::Client(kj::Promise<Thread::Client>(kj::NEVER_DONE)));
        session.clientLoop().m_task_set->add(request.send().ignoreResult().catch_([](kj::Exception&&) {}));
    });
    const Logs& logs = session.serverLogs();
    ASSERT_TRUE(logs.waitFor("Service.run$Params"));
    session.disconnectServer();
    EXPECT_TRUE(logs.waitFor("canceled before it could be executed"));
    EXPECT_FALSE(logs.has("did you forget"));
}

TEST(Disconnect, BeforeExecutionSkipsTheMethod)
{
    std::atomic<bool> called{false};
    Session session;
    session.impl.on_run = [&](const std::string& what) {
        called = true;
        return what;
    };
    session.serverLoop().testing_hook_async_request_start = [&] { session.disconnectServer(); };
    EXPECT_EQ(ErrorOf([&] { session.client->run("x"); }), INTERRUPTED);
    const Logs& logs = session.serverLogs();
    EXPECT_TRUE(logs.waitFor("canceled before it could be executed"));
    EXPECT_TRUE(logs.hasLine(Log::Info, THREAD + R"(IPC server request #\d+ canceled before it could be executed)"));
    EXPECT_FALSE(logs.has("executing request"));
    EXPECT_FALSE(logs.has("canceled while executing"));
    EXPECT_FALSE(called);
}

TEST(Disconnect, AfterExecutionDropsTheAnswer)
{
    Signal called;
    Session session;
    session.impl.on_run = [&](const std::string& what) {
        called.set();
        return what;
    };
    session.serverLoop().testing_hook_async_request_done = [&] { session.disconnectServer(); };
    EXPECT_EQ(ErrorOf([&] { session.client->run("x"); }), INTERRUPTED);
    EXPECT_TRUE(called.isSet());
    EXPECT_TRUE(session.serverLogs().waitFor("interrupted (canceled)"));
    EXPECT_FALSE(session.serverLogs().has("Service.run$Results"));
}

TEST(Disconnect, IsToldToTheHandlersOfBothSides)
{
    Session session;
    Signal client_told;
    Signal server_told;
    session.serverLoop().testing_hook_disconnected = [&] { server_told.set(); };
    session.clientLoop().sync([&] { session.connection->onDisconnect([&] { client_told.set(); }); });
    session.disconnectServer();
    EXPECT_TRUE(client_told.wait());
    EXPECT_FALSE(server_told.isSet()); // it was its own doing
}

TEST(Disconnect, HandlersAreAllRun)
{
    std::atomic<bool> on_loop{false};
    Session session;
    Signal first;
    Signal second;
    session.clientLoop().sync([&] {
        session.connection->onDisconnect([&] { first.set(); });
        session.connection->onDisconnect([&] {
            on_loop = session.clientLoop().isLoopThread();
            second.set();
        });
    });
    session.disconnectServer();
    EXPECT_TRUE(first.wait());
    EXPECT_TRUE(second.wait());
    EXPECT_TRUE(on_loop);
}

TEST(Disconnect, AnApplicationsHandlerRunsBesideTheLibrarys)
{
    Session session;
    const auto client = session.connect();
    EventLoop& loop = session.clientLoop();
    Signal told;
    loop.sync([&] { client->m_context.connection->onDisconnect([&] { told.set(); }); });
    session.disconnectServer();
    ASSERT_TRUE(session.clientLogs().waitFor("IPC client: unexpected network disconnect."));
    // All that the disconnect has started ran before this: the loop's tasks are done in order.
    Signal later;
    loop.sync([&] { loop.m_task_set->add(kj::evalLater([&] { later.set(); })); });
    EXPECT_TRUE(later.wait());
    EXPECT_TRUE(told.isSet());
}

TEST(Disconnect, HandlersAreNotRunForAConnectionThatWasClosedHere)
{
    Session session;
    std::atomic<bool> told{false};
    session.clientLoop().sync([&] { session.connection->onDisconnect([&] { told = true; }); });
    session.disconnectClient();
    // The server sees the end; by then the client's loop has nothing left to do.
    EXPECT_TRUE(session.serverLogs().waitFor("IPC server: socket disconnected."));
    session.clientLoop().sync([] {});
    EXPECT_FALSE(told);
}

TEST(Disconnect, ConnectionsMayBeClosedWhileTheirEndIsBeingTold)
{
    // Driven by hand, so that the ends of both are noticed before either is told.
    Logs logs;
    EventLoop loop("mptest", logs.options());
    ServiceImpl impl;
    int told = 0;
    for (int i = 0; i < 2; ++i) {
        const auto sockets = SocketPair();
        ServeStream<messages::Service>(loop, MakeStream(loop, sockets[0]), impl);
        loop.m_incoming_connections.front().onDisconnect([&] {
            ++told;
            loop.m_incoming_connections.clear();
        });
        CloseSocket(sockets[1]);
    }
    loop.m_io_context.waitScope.poll();
    EXPECT_EQ(told, 1);
    EXPECT_EQ(logs.count("IPC server: socket disconnected."), 1u);
}

TEST(Disconnect, AHandlerMayDestroyTheConnection)
{
    Session session;
    Signal destroyed;
    session.clientLoop().sync([&] {
        session.connection->onDisconnect([&] {
            session.connection.reset();
            destroyed.set();
        });
    });
    session.disconnectServer();
    EXPECT_TRUE(destroyed.wait());
    EXPECT_EQ(ErrorOf([&] { session.client->add(1, 2); }), AFTER);
}

TEST(Disconnect, ConnectToAPeerThatClosesAtOnce)
{
    Logs logs;
    LoopThread client(logs.options());
    for (int i = 0; i < 20; ++i) {
        const auto sockets = SocketPair();
        CloseSocket(sockets[0]);
        // The interface's "construct" is a call.
        EXPECT_EQ(ErrorOf([&] {
                      ConnectStream<messages::Service>(client.loop(), MakeStream(client.loop(), sockets[1]));
                  }),
                  INTERRUPTED);
    }
    client.release();
}

TEST(Disconnect, OfAPeerThatClosesAtOnceFailsItsObjectsCalls)
{
    // An interface without "construct": the client object is there, and fails.
    Logs logs;
    LoopThread client(logs.options());
    for (int i = 0; i < 20; ++i) {
        const auto sockets = SocketPair();
        CloseSocket(sockets[0]);
        const auto counter = ConnectStream<messages::Counter>(client.loop(), MakeStream(client.loop(), sockets[1]));
        const std::string error = ErrorOf([&] { counter->next(); });
        EXPECT_TRUE(error == INTERRUPTED || error == AFTER) << error;
    }
    client.release();
}

TEST(Disconnect, TheServerCanCloseFromEveryHook)
{
    for (auto hook : {&EventLoop::testing_hook_makethread, &EventLoop::testing_hook_makethread_created,
                      &EventLoop::testing_hook_async_request_start, &EventLoop::testing_hook_async_request_done}) {
        Session session;
        session.serverLoop().*hook = [&] {
            // On the loop itself a connection may not be destroyed under the call that it serves.
            if (!session.serverLoop().isLoopThread()) session.disconnectServer();
        };
        const std::string error = ErrorOf([&] { session.client->addOnWorker(1, 2); });
        EXPECT_TRUE(error == INTERRUPTED || error == "no exception") << error;
    }
}

} // namespace
} // namespace mp::test
