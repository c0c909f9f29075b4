// The life of connections, and what is served over them.
#include <gtest/gtest.h>

#include <rpc/support/errors.h>
#include <rpc/support/gate.h>
#include <rpc/support/probe-impl.h>
#include <rpc/support/probe-types.h>
#include <rpc/support/raw-call.h>
#include <rpc/support/session.h>
#include <sys/socket.h>

namespace mp::test {
namespace {

using CounterClient = ProxyClient<messages::Counter>;

//! Two loops, and a connection whose served object the test makes itself.
template <typename Interface>
class HandMade
{
public:
    using Make = std::function<capnp::Capability::Client(Connection&)>;

    explicit HandMade(Make make) : m_client_thread(m_logs.options()), m_server_thread(m_logs.options())
    {
        const auto sockets = SocketPair();
        EventLoop& loop = serverLoop();
        loop.sync([&] { server = std::make_unique<Connection>(loop, MakeStream(loop, sockets[0]), make); });
        client = ConnectStream<Interface>(clientLoop(), MakeStream(clientLoop(), sockets[1]));
    }
    ~HandMade()
    {
        client.reset();
        serverLoop().sync([&] { server.reset(); });
    }

    EventLoop& clientLoop() { return m_client_thread.loop(); }
    EventLoop& serverLoop() { return m_server_thread.loop(); }
    const Logs& logs() const { return m_logs; }

    std::unique_ptr<Connection> server;
    std::unique_ptr<ProxyClient<Interface>> client;

private:
    Logs m_logs;
    LoopThread m_client_thread;
    LoopThread m_server_thread;
};

TEST(Connections, MakeTheirObjectOnceWhileTheyAreMade)
{
    int made = 0;
    bool loop_is_there = false;
    EventLoop* loop = nullptr;
    HandMade<messages::Counter> connection([&](Connection& connection) {
        ++made;
        loop = &*connection.m_loop;
        loop_is_there = connection.m_loop->isLoopThread();
        return kj::heap<ProxyServer<messages::Counter>>(std::make_shared<Counter>(), connection);
    });
    EXPECT_EQ(made, 1);
    EXPECT_TRUE(loop_is_there);
    EXPECT_EQ(loop, &connection.serverLoop());
    EXPECT_EQ(connection.client->next(), 1);
    EXPECT_EQ(connection.client->next(), 2);
    EXPECT_EQ(made, 1);
}

TEST(Connections, ObjectsCleanupFunctionsFollowThemInTheBackground)
{
    std::string order;
    std::atomic<bool> on_loop{false};
    Signal last;
    HandMade<messages::Counter> connection([&](Connection& connection) {
        EventLoop& loop = *connection.m_loop;
        auto note = [&](const char* what) {
            order += what;
            if (loop.isLoopThread()) on_loop = true;
        };
        auto server = kj::heap<ProxyServer<messages::Counter>>(std::make_shared<Counter>([note] { note("object "); }),
                                                               connection);
        server->m_context.cleanup_fns.emplace_back([note] { note("first "); });
        server->m_context.cleanup_fns.emplace_back([note, &last] {
            note("second");
            last.set();
        });
        return server;
    });
    EXPECT_EQ(connection.client->next(), 1);
    EXPECT_EQ(order, "");
    connection.serverLoop().sync([&] { connection.server.reset(); });
    EXPECT_TRUE(last.wait());
    EXPECT_EQ(order, "object first second");
    EXPECT_FALSE(on_loop);
}

TEST(Connections, ObjectsCleanupFunctionsFollowThemWhenTheyAreDestroyed)
{
    std::string order;
    bool on_loop = true;
    HandMade<messages::Tool> connection([&](Connection& connection) {
        EventLoop& loop = *connection.m_loop;
        auto note = [&](const char* what) {
            order += what + std::string(" ");
            on_loop = on_loop && loop.isLoopThread();
        };
        auto server = kj::heap<ProxyServer<messages::Tool>>(std::make_shared<Tool>(note), connection);
        server->m_context.cleanup_fns.emplace_back([note] { note("first"); });
        server->m_context.cleanup_fns.emplace_back([note] { note("second"); });
        return server;
    });
    connection.client.reset();
    EXPECT_EQ(order, "released destroyed first second ");
    EXPECT_TRUE(on_loop); // the method has no Context
}

TEST(Connections, OfObjectsWithoutConstructAreMadeOnTheLoop)
{
    Logs logs;
    Counter counter;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    std::unique_ptr<CounterClient> client;
    loop.sync([&] {
        const auto sockets = SocketPair();
        // The client first: it doesn't wait for the server.
        client = ConnectStream<messages::Counter>(loop, MakeStream(loop, sockets[0]));
        ServeStream<messages::Counter>(loop, MakeStream(loop, sockets[1]), counter);
    });
    EXPECT_EQ(client->next(), 1);
    loop.sync([&] { client.reset(); });
    EXPECT_TRUE(logs.waitFor("IPC server: socket disconnected."));
}

TEST(Connections, MadeBeforeTheLoopEndItWhenTheyAreGone)
{
    Logs logs;
    Counter counter;
    std::thread caller;
    {
        EventLoop loop("mptest", logs.options());
        const auto sockets = SocketPair();
        loop.sync([] {});
        auto connection = std::make_unique<Connection>(loop, MakeStream(loop, sockets[0]));
        auto client = std::make_unique<CounterClient>(
            connection->m_rpc_system->bootstrap(ServerVatId().vat_id).castAs<messages::Counter>(), connection.get(),
            /* destroy_connection= */ false);
        ServeStream<messages::Counter>(loop, MakeStream(loop, sockets[1]), counter);
        const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ListenConnections<messages::Counter>(loop, listening, counter);
        caller = std::thread([&loop, client = std::move(client), connection = std::move(connection)]() mutable {
            EXPECT_EQ(client->next(), 1);
            client.reset();
            // The last references go with this connection, and with the one that it leads to.
            loop.sync([&] { connection.reset(); });
        });
        loop.loop();
    }
    caller.join();
    EXPECT_TRUE(logs.has("EventLoop::loop bye."));
}

TEST(Connections, ServedLatestAreTheFirstInTheList)
{
    Session session;
    EventLoop& loop = session.serverLoop();
    Connection* first = nullptr;
    loop.sync([&] {
        ASSERT_EQ(loop.m_incoming_connections.size(), 1u);
        first = &loop.m_incoming_connections.back();
    });
    const auto second = session.connect();
    loop.sync([&] {
        EXPECT_EQ(loop.m_incoming_connections.size(), 2u);
        EXPECT_EQ(&loop.m_incoming_connections.back(), first);
        EXPECT_NE(&loop.m_incoming_connections.front(), first);
        // As applications close all but one.
        loop.m_incoming_connections.remove_if([&](Connection& connection) { return &connection != first; });
    });
    EXPECT_TRUE(SucceededOrDisconnected(ErrorOf([&] { second->add(1, 2); })));
    EXPECT_EQ(session.client->add(1, 2), 3);
    loop.sync([&] { loop.m_incoming_connections.erase(loop.m_incoming_connections.begin()); });
    EXPECT_NE(ErrorOf([&] { session.client->add(1, 2); }), "no exception");
}

TEST(Connections, KeepTheLoopAsLongAsTheirObjects)
{
    Logs logs;
    Counter counter;
    std::unique_ptr<CounterClient> client;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    loop.sync([&] {
        const auto sockets = SocketPair();
        client = ConnectStream<messages::Counter>(loop, MakeStream(loop, sockets[0]));
        ServeStream<messages::Counter>(loop, MakeStream(loop, sockets[1]), counter);
    });
    std::thread releaser([&] { thread.release(); });
    EXPECT_EQ(client->next(), 1);
    loop.sync([&] { loop.m_incoming_connections.clear(); });
    EXPECT_TRUE(logs.waitFor("IPC client: unexpected network disconnect."));
    // There is no connection any more, but an object.
    client->m_context.loop->sync([] {});
    EXPECT_FALSE(logs.has("EventLoop::loop done"));
    EXPECT_EQ(ErrorOf([&] { client->next(); }), AFTER);
    client.reset();
    releaser.join();
    EXPECT_TRUE(logs.has("EventLoop::loop bye."));
}

TEST(Connections, CleanupFunctionsMayThrow)
{
    Session session;
    Signal last;
    session.serverLoop().sync([&] {
        Connection& connection = session.serverLoop().m_incoming_connections.front();
        connection.addSyncCleanup([&] { last.set(); });
        connection.addSyncCleanup([] { throw std::runtime_error("thrown"); });
    });
    session.disconnectClient();
    EXPECT_TRUE(last.wait());
    EXPECT_TRUE(session.serverLogs().has(Log::Error, "Uncaught exception in cleanup: thrown"));
}

TEST(Connections, CleanupFunctionsSeeNothingOfTheConnectionAnyMore)
{
    Session session;
    EXPECT_EQ(session.client->add(1, 2), 3);
    EventLoop& loop = session.clientLoop();
    Connection& connection = *session.connection;
    std::optional<messages::Service::Client> copy;
    std::unique_ptr<RawResult> result;
    std::string order;
    bool has_rpc_system = true;
    Connection* of_client = &connection;
    loop.sync([&] { copy.emplace(session.client->m_client); });
    // Any thread may add them.
    const auto removed = connection.addSyncCleanup([&] { order += "removed "; });
    connection.addSyncCleanup([&] {
        order += "first";
        of_client = session.client->m_context.connection;
    });
    connection.addSyncCleanup([&] {
        order += "last ";
        has_rpc_system = connection.m_rpc_system.has_value();
        result = std::make_unique<RawResult>(loop, [&] { return copy->addRequest().send(); });
        // No lock is held.
        connection.addSyncCleanup([&] { order += "added "; });
    });
    loop.sync([&] { connection.removeSyncCleanup(removed); });
    session.disconnectClient();
    EXPECT_EQ(order, "last added first");
    EXPECT_FALSE(has_rpc_system);
    EXPECT_EQ(result->text().substr(0, 14), "disconnected: ");
    EXPECT_EQ(session.client->m_context.connection, nullptr);
    loop.sync([&] { copy.reset(); });
}

//! A stream whose end can't be told to the peer.
class StubbornStream final : public kj::AsyncIoStream
{
public:
    StubbornStream(kj::Own<kj::AsyncIoStream> inner, kj::Exception::Type type) : m_inner(kj::mv(inner)), m_type(type) {}
    kj::Promise<size_t> tryRead(void* buffer, size_t min, size_t max) override
    {
        return m_inner->tryRead(buffer, min, max);
    }
    kj::Promise<void> write(const void* buffer, size_t size) override { return m_inner->write(buffer, size); }
    kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override
    {
        return m_inner->write(pieces);
    }
    kj::Promise<void> whenWriteDisconnected() override { return m_inner->whenWriteDisconnected(); }
    void shutdownWrite() override
    {
        kj::throwFatalException(kj::Exception(m_type, "file", 1, kj::str("shutdown refused")));
    }

private:
    kj::Own<kj::AsyncIoStream> m_inner;
    const kj::Exception::Type m_type;
};

//! Close a connection over such a stream. @return the errors that were logged
size_t CloseStubborn(kj::Exception::Type type)
{
    Logs logs;
    LoopThread thread(logs.options());
    EventLoop& loop = thread.loop();
    bool cleaned = false;
    const auto sockets = SocketPair();
    loop.call([&] {
        auto stream = kj::heap<StubbornStream>(MakeStream(loop, sockets[0]), type);
        auto connection = std::make_unique<Connection>(loop, kj::mv(stream));
        connection->addSyncCleanup([&] { cleaned = true; });
        connection.reset();
    });
    CloseSocket(sockets[1]);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(logs.countLevel(Log::Error), logs.count("shutdown refused")) << logs.all();
    return logs.countLevel(Log::Error);
}

TEST(Connections, CloseThoughThePeerIsGone)
{
    // As some systems say (ENOTCONN), and streams that have no such thing.
    EXPECT_EQ(CloseStubborn(kj::Exception::Type::DISCONNECTED), 0u);
    EXPECT_EQ(CloseStubborn(kj::Exception::Type::UNIMPLEMENTED), 0u);
}

TEST(Connections, SayThatThePeerWasNotToldOfTheirEnd) { EXPECT_EQ(CloseStubborn(kj::Exception::Type::FAILED), 1u); }

#if CAPNP_VERSION < 1000000 // later ones say it in the schema
//! A server of the application's own whose calls may be canceled.
struct CancelableProbe : ProxyServer<messages::Probe>
{
    using ProxyServer::ProxyServer;
    kj::Promise<void> hold(HoldContext context) override
    {
        context.allowCancellation();
        return ProxyServer<messages::Probe>::hold(context);
    }
};

//! One that passes calls on to ours, which isn't exported itself.
struct FrontProbe final : messages::Probe::Server
{
    explicit FrontProbe(kj::Own<CancelableProbe> own) : inner(*own), client(kj::mv(own)) {}
    kj::Promise<void> exchangeThreads(ExchangeThreadsContext context) override { return inner.exchangeThreads(context); }
    kj::Promise<void> hold(HoldContext context) override { return inner.hold(context); }
    kj::Promise<void> lendGuest(LendGuestContext context) override { return inner.lendGuest(context); }
    kj::Promise<void> badge(BadgeContext context) override { return inner.badge(context); }

    CancelableProbe& inner;
    messages::Probe::Client client;
};

//! Is lent, and says who called it.
struct LocalGuest final : Guest
{
    std::string name() override
    {
        thread = std::this_thread::get_id();
        if (on_name) on_name();
        return "Ann";
    }
    std::thread::id thread;
    std::function<void()> on_name;
};

//! Calls of hold() that the test drops.
class CancelableCalls : public testing::TestWithParam<bool>
{
protected:
    CancelableCalls()
    {
        m_connection.client->exchangeThreads();
        m_loop.sync([&] {
            m_thread = m_connection.client->m_context.connection->m_thread_map.makeThreadRequest().send().getResult();
        });
    }
    ~CancelableCalls() noexcept override
    {
        m_loop.sync([&] {
            m_calls.clear();
            m_thread.reset();
        });
    }

    //! The server's client of a guest.
    std::shared_ptr<Guest> give(std::shared_ptr<Guest> guest)
    {
        std::shared_ptr<Guest> remote;
        KJ_DEFER(g_on_badge = nullptr);
        g_on_badge = [&](InvokeContext&, Badge& badge) {
            remote = badge.guest;
            badge.text = "kept";
        };
        m_connection.client->badge(std::move(guest));
        return remote;
    }
    //! The calling thread's worker.
    Thread::Client& worker() { return CurrentThread().request_threads.at(connection())->m_client; }
    Connection* connection() { return m_connection.client->m_context.connection; }

    //! On the loop.
    void call(Thread::Client& thread, const std::string& text, Thread::Client* callback_thread = nullptr)
    {
        auto request = m_connection.client->m_client.holdRequest();
        auto context = request.initContext();
        context.setThread(thread);
        if (callback_thread) context.setCallbackThread(*callback_thread);
        request.setText(text);
        m_calls[text] = kj::heap(request.send().ignoreResult().eagerlyEvaluate(nullptr));
    }
    void drop()
    {
        m_loop.sync([&] { m_calls.clear(); });
        EXPECT_TRUE(m_connection.logs().waitFor("canceled while executing."));
    }

    //! Have this thread's worker run a method that calls the guest after its own call was dropped, and then sets done.
    void callBackFromDroppedCall(std::shared_ptr<Guest> remote, Signal& done)
    {
        m_impl.on_hold = [this, remote, &done](std::string_view) mutable {
            m_gate.pass();
            remote->name();
            remote.reset();
            done.set();
        };
        remote.reset();
        m_loop.sync([this, &worker = worker()] { call(worker, "dropped"); });
        EXPECT_TRUE(m_gate.waitReached());
        drop();
        m_gate.open();
    }

    Gate m_gate;
    ProbeImpl m_impl;
    HandMade<messages::Probe> m_connection{[this](Connection& connection) -> capnp::Capability::Client {
        auto probe = kj::heap<CancelableProbe>(std::shared_ptr<Probe>(&m_impl, [](Probe*) {}), connection);
        if (GetParam()) return kj::heap<FrontProbe>(kj::mv(probe));
        return probe;
    }};
    EventLoop& m_loop = m_connection.clientLoop();
    std::optional<Thread::Client> m_thread;
    std::map<std::string, kj::Own<kj::Promise<void>>> m_calls;
};

TEST_P(CancelableCalls, KeepWhatTheyHaveUntilTheMethodHasReturned)
{
    std::vector<std::string> held;
    const std::string text(1000, 'x');
    m_impl.on_hold = [&](std::string_view view) {
        if (view == text) {
            m_gate.pass();
        }
        held.emplace_back(view);
    };
    m_loop.sync([&] {
        call(*m_thread, text);
        call(*m_thread, "waits behind it");
    });
    ASSERT_TRUE(m_gate.waitReached());
    drop();
    EXPECT_TRUE(m_connection.logs().waitFor("canceled before it could be executed"));
    m_gate.open();
    EXPECT_TRUE(m_connection.logs().waitFor("interrupted (canceled)"));
    // Its thread works on.
    Signal done;
    m_loop.sync([&] {
        call(*m_thread, "after it");
        m_loop.m_task_set->add(m_calls["after it"]->then([&] { done.set(); }));
    });
    EXPECT_TRUE(done.wait());
    EXPECT_EQ(held, (std::vector<std::string>{text, "after it"}));
}

TEST_P(CancelableCalls, LeaveLaterCallbacksOnTheThreadsThatWaitForThem)
{
    LocalGuest later;
    m_connection.client->lendGuest(later);
    EXPECT_EQ(later.thread, std::this_thread::get_id());
    Signal called;
    callBackFromDroppedCall(give(std::make_shared<LocalGuest>()), called);
    ASSERT_TRUE(called.wait());
    m_connection.client->lendGuest(later);
    EXPECT_EQ(later.thread, std::this_thread::get_id());
}

TEST_P(CancelableCalls, LeaveCallbacksOfCallsNestedInThemOnTheThreadsThatWaitForThem)
{
    LocalGuest nested;
    m_connection.client->lendGuest(nested);
    Signal called_back;
    Signal leave;
    Signal done;
    auto guest = std::make_shared<LocalGuest>();
    std::shared_ptr<Guest> remote = give(guest);
    guest->on_name = [&] {
        called_back.set();
        EXPECT_TRUE(leave.wait());
    };
    callBackFromDroppedCall(std::move(remote), done);
    // The worker waits for the callback of the dropped call, and executes others meanwhile.
    ASSERT_TRUE(called_back.wait());
    m_connection.client->lendGuest(nested);
    EXPECT_EQ(nested.thread, std::this_thread::get_id());
    leave.set();
    EXPECT_TRUE(done.wait());
}

TEST_P(CancelableCalls, DoNotWaitForThreadsThatWaitForThemNoMore)
{
    Signal done;
    std::shared_ptr<Guest> remote = give(std::make_shared<LocalGuest>());
    Gate caller_gate;
    m_impl.on_hold = [&](std::string_view text) {
        if (text == "caller") {
            caller_gate.pass();
            return;
        }
        remote->name();
        m_gate.pass();
        remote->name();
        remote.reset();
        done.set();
    };
    // Callbacks go to a thread that is in a call at first, and in none later.
    Signal returned;
    Signal end;
    std::thread caller([&] {
        std::thread helper([&, &mine = CurrentThread()] {
            EXPECT_TRUE(caller_gate.waitReached());
            Thread::Client& callback_thread = mine.callback_threads.at(connection())->m_client;
            m_loop.sync([&] { call(*m_thread, "dropped", &callback_thread); });
        });
        m_connection.client->hold("caller");
        helper.join();
        returned.set();
        EXPECT_TRUE(end.wait());
    });
    ASSERT_TRUE(m_gate.waitReached());
    caller_gate.open();
    ASSERT_TRUE(returned.wait());
    drop();
    m_gate.open();
    EXPECT_TRUE(done.wait());
    end.set();
    caller.join();
}

INSTANTIATE_TEST_SUITE_P(Servers, CancelableCalls, testing::Bool(),
                         [](const auto& info) { return info.param ? "OfTheApplication" : "Generated"; });
#endif

} // namespace
} // namespace mp::test
