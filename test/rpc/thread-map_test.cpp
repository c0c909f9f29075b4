// Threads of one side that stand for those of the other: how they are made known, and when they go.
#include <gtest/gtest.h>

#include <rpc/support/errors.h>
#include <rpc/support/probe-impl.h>
#include <rpc/support/raw-call.h>
#include <rpc/support/session.h>

namespace mp::test {
namespace {

//! Name of a thread that the client of a server makes for it.
std::string NameOfAClientsThread(EventLoop& loop)
{
    std::string name;
    RawResult(loop, [&] {
        auto request = loop.m_incoming_connections.front().m_thread_map.makeThreadRequest();
        request.setName("asked");
        return request.send().getResult().getNameRequest().send().then(
            [&](auto&& response) { name = response.getResult().cStr(); });
    }).text();
    return name;
}

TEST(ThreadMaps, AreExchangedByAnyMethodAgainAndAgain)
{
    ServedProbe probe;
    EventLoop& server_loop = probe.serverLoop();
    auto server_has_map = [&] {
        bool has = false;
        server_loop.sync([&] {
            auto& map = server_loop.m_incoming_connections.front().m_thread_map;
            has = !capnp::ClientHook::from(map)->isNull();
        });
        return has;
    };
    bool during = false;
    probe.impl.on_exchange = [&] { during = server_has_map(); };
    EXPECT_FALSE(server_has_map());
    for (int i = 0; i < 3; ++i) {
        probe.client->exchangeThreads();
        EXPECT_TRUE(during); // read before the method ran
        EXPECT_EQ(probe.client->hold("x"), "x");
    }
    const std::string name = NameOfAClientsThread(server_loop);
    EXPECT_NE(name.find(" (from asked)"), std::string::npos) << name;
}

TEST(ThreadMaps, MayBeTakenOnly)
{
    ServedProbe probe;
    probe.client->takeThreads();
    EXPECT_EQ(probe.client->hold("x"), "x");
}

TEST(ThreadMaps, MayBeGivenOnly)
{
    ServedProbe probe;
    probe.client->giveThreads();
    const std::string name = NameOfAClientsThread(probe.serverLoop());
    EXPECT_NE(name.find(" (from asked)"), std::string::npos) << name;
}

TEST(ThreadMaps, ThatWereNotExchangedFailTheCallsThatNeedThem)
{
    ServedProbe probe;
    bool called = false;
    probe.impl.on_hold = [&](std::string_view) { called = true; };
    for (int i = 0; i < 2; ++i) {
        const std::string error = ErrorOf([&] { probe.client->hold("x"); });
        EXPECT_EQ(error.find("kj::Exception: "), 0u) << error;
        EXPECT_NE(error.find("remote exception: Called null capability."), std::string::npos) << error;
    }
    EXPECT_FALSE(called);
    EXPECT_TRUE(probe.serverLogs().hasLine(
        Log::Info, THREAD + R"(IPC server error request #\d+ CapabilityServerSet<Thread>::getLocalServer call failed, )"
                            "did you forget to provide a ThreadMap to the client prior to this IPC call\\?"))
        << probe.serverLogs().all();
    // Other methods work, and other threads once there is one.
    probe.client->exchangeThreads();
    std::thread([&] { EXPECT_EQ(probe.client->hold("y"), "y"); }).join();
}

TEST(ThreadEntries, AreMadeOnceForEachConnection)
{
    Session session;
    std::thread([&] {
        ThreadContext& context = CurrentThread();
        EXPECT_EQ(session.client->add(1, 2), 3);
        EXPECT_TRUE(context.request_threads.empty()); // no Context needed yet
        EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
        ASSERT_EQ(context.request_threads.size(), 1u);
        ASSERT_EQ(context.callback_threads.size(), 1u);
        EXPECT_TRUE(context.callback_threads.contains(session.connection.get()));
        ProxyClient<Thread>& worker = *context.request_threads.at(session.connection.get());
        EXPECT_EQ(session.client->addOnWorker(3, 4), 7);
        EXPECT_EQ(&*context.request_threads.at(session.connection.get()), &worker);
        const auto second = session.connect();
        EXPECT_EQ(second->addOnWorker(5, 6), 11);
        EXPECT_EQ(context.request_threads.size(), 2u);

        // The worker's name is what it says of itself.
        std::string worker_name;
        session.impl.on_run = [&](const std::string& what) {
            worker_name = CurrentThread().thread_name;
            return what;
        };
        session.client->run("x");
        std::string told;
        RawResult(session.clientLoop(), [&] {
            return worker.m_client.getNameRequest().send().then(
                [&](auto&& response) { told = response.getResult().cStr(); });
        }).text();
        EXPECT_EQ(told, worker_name);
        EXPECT_NE(told.find(" (from " + context.thread_name + ")"), std::string::npos) << told;
    }).join();
}

TEST(ThreadEntries, GoWithTheirConnection)
{
    Session session;
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
    EXPECT_EQ(CurrentThread().request_threads.size(), 1u);
    session.disconnectClient();
    EXPECT_TRUE(CurrentThread().request_threads.empty());
    EXPECT_TRUE(CurrentThread().callback_threads.empty());
    const auto client = session.connect();
    EXPECT_EQ(client->addOnWorker(1, 2), 3);
    EXPECT_EQ(CurrentThread().request_threads.size(), 1u);
    session.disconnectServer();
    EXPECT_TRUE(session.clientLogs().waitFor("IPC client: unexpected network disconnect."));
    session.clientLoop().sync([] {});
    EXPECT_TRUE(CurrentThread().request_threads.empty());
}

TEST(ThreadEntries, OfAnEarlierConnectionAtTheSameAddressAreNotUsed)
{
    Session session;
    EventLoop& server_loop = session.serverLoop();
    EventLoop& loop = session.clientLoop();
    std::optional<Connection> connection;
    for (int i = 0; i < 20; ++i) {
        const auto sockets = SocketPair();
        server_loop.sync(
            [&] { ServeStream<messages::Service>(server_loop, MakeStream(server_loop, sockets[0]), session.impl); });
        std::optional<messages::Service::Client> bootstrap;
        loop.sync([&] {
            connection.emplace(loop, MakeStream(loop, sockets[1]));
            bootstrap.emplace(connection->m_rpc_system->bootstrap(ServerVatId().vat_id).castAs<messages::Service>());
        });
        auto client =
            std::make_unique<ServiceClient>(kj::mv(*bootstrap), &*connection, /* destroy_connection= */ false);
        EXPECT_EQ(client->addOnWorker(i, 1), i + 1);
        FnCallback callback([](int32_t arg) { return arg; });
        EXPECT_EQ(client->lend(callback, i), i);
        if (i % 2) {
            client.reset();
            loop.sync([&] { connection.reset(); });
        } else {
            server_loop.sync([&] { server_loop.m_incoming_connections.pop_front(); });
            EXPECT_TRUE(SucceededOrDisconnected(ErrorOf([&] { client->addOnWorker(1, 2); })));
            loop.sync([&] { connection.reset(); });
            client.reset();
        }
    }
}

TEST(ThreadEntries, OfARequestGoWhenItEnds)
{
    Session session;
    std::vector<size_t> entries;
    session.impl.on_run = [&](const std::string& what) {
        entries.push_back(CurrentThread().request_threads.size());
        return what;
    };
    FnCallback callback([](int32_t arg) { return arg; });
    session.client->run("before");
    EXPECT_EQ(session.client->lend(callback, 1), 1);
    session.client->run("after");
    EXPECT_EQ(entries, (std::vector<size_t>{0, 0}));
}

//! Tells when its thread ends.
struct AtThreadEnd
{
    ~AtThreadEnd()
    {
        if (signal) signal->set();
    }
    Signal* signal{nullptr};
};
thread_local AtThreadEnd g_at_thread_end;

TEST(Workers, EndWithTheirClientsThread)
{
    Signal ended;
    Session session;
    session.impl.on_run = [&](const std::string& what) {
        g_at_thread_end.signal = &ended;
        return what;
    };
    std::thread([&] {
        session.client->run("x");
        EXPECT_FALSE(ended.isSet());
    }).join();
    EXPECT_TRUE(ended.wait());
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3); // the connection is still there
}

TEST(Workers, EndWithTheConnection)
{
    Signal ended;
    Session session;
    session.impl.on_run = [&](const std::string& what) {
        g_at_thread_end.signal = &ended;
        return what;
    };
    session.client->run("x");
    session.disconnectClient();
    EXPECT_TRUE(ended.wait());
}

} // namespace
} // namespace mp::test
