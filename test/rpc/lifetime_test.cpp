#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include <kj/debug.h>
#include <kj/io.h>
#include <mp/proxy-types.h>
#include <rpc/support/errors.h>
#include <rpc/support/session.h>
#include <stdexcept>
#include <thread>

namespace mp::test {
namespace {

TEST(Lifetime, ObjectWithoutDestroyIsReleasedInTheBackground)
{
    Signal released;
    Signal destroyed;
    std::atomic<bool> on_loop{true};
    Session session;
    session.impl.on_counter_destroyed = [&] {
        on_loop = session.serverLoop().isLoopThread();
        // Who drops the client doesn't wait for this.
        EXPECT_TRUE(released.wait());
        destroyed.set();
    };
    auto counter = session.client->makeCounter();
    EXPECT_EQ(static_cast<ProxyClient<messages::Counter>&>(*counter).next(), 1);
    EXPECT_FALSE(destroyed.isSet());
    // Not by the base class, which has no virtual destructor.
    delete static_cast<ProxyClient<messages::Counter>*>(counter.release());
    EXPECT_EQ(session.client->add(1, 2), 3);
    released.set();
    EXPECT_TRUE(destroyed.wait());
    EXPECT_FALSE(on_loop);
    EXPECT_EQ(session.client->add(1, 2), 3);
}

// The release is held for the next call, which doesn't come.
TEST(Lifetime, ObjectDroppedAfterManyCallsIsReleasedAllTheSame)
{
    Session session;
    for (int i = 0; i < 20; ++i) {
        Signal destroyed;
        session.impl.on_counter_destroyed = [&] { destroyed.set(); };
        auto counter = session.client->makeCounter();
        for (int j = 0; j < 50; ++j) EXPECT_EQ(session.client->add(i, j), i + j);
        delete static_cast<ProxyClient<messages::Counter>*>(counter.release());
        ASSERT_TRUE(destroyed.wait());
    }
}

// The loop's own thread has served alone for a while, then waits for many promises in a row.
TEST(Lifetime, ObjectDroppedAfterManyWaitsOfTheLoopsThreadIsReleasedAllTheSame)
{
    Session session;
    EventLoop& loop = session.clientLoop();
    Signal destroyed;
    session.impl.on_counter_destroyed = [&] { destroyed.set(); };
    auto counter = session.client->makeCounter();
    std::thread([&] {
        // What this thread wants done is done by the loop's.
        kj::EventLoop loop_of_its_own;
        const kj::WaitScope scope(loop_of_its_own);
        for (int i = 0; i < 200; ++i) {
            loop.sync([] {});
            std::this_thread::yield();
        }
        loop.sync([&] {
            auto& timer = loop.m_io_context.provider->getTimer();
            for (int i = 0; i < 200; ++i) timer.afterDelay(5 * kj::MICROSECONDS).wait(loop.m_io_context.waitScope);
        });
    }).join();
    delete static_cast<ProxyClient<messages::Counter>*>(counter.release());
    EXPECT_TRUE(destroyed.wait());
}

TEST(Lifetime, ObjectWithDestroyIsReleasedBeforeTheClientsDestructorReturns)
{
    Session session;
    std::atomic<bool> destroyed{false};
    std::thread::id destroyed_on;
    std::thread::id worker;
    session.impl.on_run = [&](const std::string& what) {
        worker = std::this_thread::get_id();
        return what;
    };
    session.impl.on_make_account = [&] {
        return std::make_unique<WatchedAccount>([&] {
            destroyed_on = std::this_thread::get_id();
            destroyed = true;
        });
    };
    session.client->run("x");
    auto account = session.client->makeAccount();
    EXPECT_EQ(account->next(), 1);
    EXPECT_FALSE(destroyed);
    account.reset();
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(destroyed_on, worker);
}

TEST(Lifetime, CleanupFunctionsRunFrontToBack)
{
    Session session;
    auto client = session.connect();
    std::string order;
    ProxyContext& context = client->m_context;
    const std::shared_ptr<const bool> connected = context.connection->alive();
    std::vector<size_t> left;
    auto note = [&](const std::string& what) {
        bool alive = false;
        session.clientLoop().sync([&] { alive = *connected; });
        order += what + (alive ? " " : " after the connection, ");
        left.push_back(context.cleanup_fns.size());
    };
    context.cleanup_fns.emplace_front([&] { note("front"); });
    context.cleanup_fns.emplace_back([&] { note("back"); });
    context.cleanup_fns.emplace_back([&] { note("last"); });
    client.reset();
    EXPECT_EQ(order, "front back after the connection, last after the connection, ");
    // Each is removed before it runs; the library's own is the second.
    EXPECT_EQ(left, (std::vector<size_t>{3, 1, 0}));
}

TEST(Lifetime, CleanupFunctionMayThrow)
{
    Session session;
    auto client = session.connect();
    bool ran = false;
    client->m_context.cleanup_fns.emplace_front([] { throw std::runtime_error("cleanup failed"); });
    client->m_context.cleanup_fns.emplace_back([&] { ran = true; });
    client.reset();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(session.clientLogs().has(Log::Error, "cleanup failed"));
}

TEST(Lifetime, TypeRegisterLeadsToTheContext)
{
    Session session;
    auto account_made = std::make_unique<WatchedAccount>([] {});
    session.impl.on_make_account = [&] { return std::move(account_made); };
    auto account = session.client->makeAccount();
    bool cleaned = false;
    ProxyTypeRegister::types().at(typeid(Account))(account.get()).cleanup_fns.emplace_back([&] { cleaned = true; });
    account.reset();
    EXPECT_TRUE(cleaned);
}

TEST(Lifetime, DestroyAfterDisconnectOnlyWarns)
{
    Session session;
    session.impl.on_make_account = [&] { return std::make_unique<WatchedAccount>([] {}); };
    auto account = session.client->makeAccount();
    session.disconnectServer();
    account.reset();
    EXPECT_TRUE(session.clientLogs().hasLine(Log::Warning,
                                             THREAD + "Remote destroy call failed during cleanup\\. Continuing\\."));
    // The log function was told before, and what it threw was kept in.
    EXPECT_EQ(session.clientLogs().countLevel(Log::Raise), 1u);
    const std::string all = session.clientLogs().all();
    EXPECT_LT(all.find("Raise: IPC client method call"), all.find("Remote destroy call failed")) << all;
}

TEST(Lifetime, DestroyAfterTheClientsOwnDisconnectOnlyWarns)
{
    Session session;
    session.impl.on_make_account = [&] { return std::make_unique<WatchedAccount>([] {}); };
    auto account = session.client->makeAccount();
    session.disconnectClient();
    account.reset();
    EXPECT_TRUE(session.clientLogs().has(Log::Warning, "Remote destroy call failed during cleanup. Continuing."));
}

TEST(Lifetime, ServersObjectsGoWithTheConnection)
{
    Session session;
    Signal destroyed;
    session.impl.on_make_account = [&] { return std::make_unique<WatchedAccount>([&] { destroyed.set(); }); };
    auto account = session.client->makeAccount();
    session.disconnectServer();
    EXPECT_TRUE(destroyed.wait());
}

TEST(Lifetime, NoServersObjectIsMadeForACallThatWasCanceled)
{
    const std::string made = "Creating mp::ProxyServerBase<mp::test::messages::Account,";
    Session session;
    std::atomic<bool> destroyed{false};
    session.impl.on_make_account = [&] { return std::make_unique<WatchedAccount>([&] { destroyed = true; }); };
    session.client->makeAccount();
    EXPECT_EQ(session.serverLogs().count(made), 1u);
    destroyed = false;
    session.impl.on_make_account = [&] {
        session.disconnectServer();
        return std::make_unique<WatchedAccount>([&] { destroyed = true; });
    };
    EXPECT_EQ(ErrorOf([&] { session.client->makeAccount(); }), INTERRUPTED);
    EXPECT_TRUE(session.serverLogs().waitFor("interrupted (canceled)"));
    EXPECT_TRUE(session.serverLogs().has(Log::Info, "canceled while executing."));
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(session.serverLogs().count(made), 1u);
}

TEST(Lifetime, ReleasesAreWrittenBeforeTheConnectionCloses)
{
    const auto sockets = SocketPair();
    kj::AutoCloseFd peer(sockets[1]);
    Logs logs;
    LoopThread client(logs.options());
    EventLoop& loop = client.loop();
    std::unique_ptr<Connection> connection;
    std::optional<capnp::Capability::Client> remote;
    Signal resolved;
    loop.sync([&] {
        connection = std::make_unique<Connection>(loop, MakeStream(loop, sockets[0]));
        ServerVatId server;
        remote.emplace(connection->m_rpc_system->bootstrap(server.vat_id));
        loop.m_task_set->add(remote->whenResolved().then([&] { resolved.set(); }));
    });
    {
        capnp::MallocMessageBuilder message;
        auto results = message.initRoot<capnp::rpc::Message>().initReturn().initResults();
        results.initCapTable(1)[0].setSenderHosted(5);
        capnp::BuilderCapabilityTable capabilities;
        capabilities.imbue(results.getContent())
            .setAs<capnp::Capability>(capnp::Capability::Client(KJ_EXCEPTION(FAILED, "stands for the server's")));
        capnp::writeMessageToFd(peer, message);
    }
    ASSERT_TRUE(resolved.wait());
    loop.sync([&] {
        remote.reset();
        connection.reset();
    });
    // All that the peer can read, to the end.
    std::vector<uint32_t> released;
    kj::FdInputStream fd(peer.get());
    kj::BufferedInputStreamWrapper input(fd);
    while (input.tryGetReadBuffer().size() > 0) {
        capnp::InputStreamMessageReader reader(input);
        const auto message = reader.getRoot<capnp::rpc::Message>();
        if (message.isRelease()) released.push_back(message.getRelease().getId());
    }
    EXPECT_EQ(released, std::vector<uint32_t>{5});
}

TEST(Lifetime, ServersObjectsGoLastMadeFirstWithTheConnection)
{
    // So what tells of changes goes before what it was made for.
    std::mutex mutex;
    std::string order;
    Signal all;
    Session session;
    std::vector<std::unique_ptr<Account>> accounts;
    for (const std::string name : {"loader", "wallet", "notifications"}) {
        session.impl.on_make_account = [&, name] {
            return std::make_unique<WatchedAccount>([&, name] {
                const std::lock_guard lock(mutex);
                order += name + " ";
                if (name == "loader") all.set();
            });
        };
        accounts.push_back(session.client->makeAccount());
    }
    // Nothing holds the last one but the client: the answers are done with.
    EXPECT_EQ(session.client->add(1, 2), 3);
    session.disconnectServer();
    EXPECT_TRUE(all.wait());
    const std::lock_guard lock(mutex);
    EXPECT_EQ(order, "notifications wallet loader ");
}

TEST(Lifetime, ReleasesAreDeliveredWhenTheConnectionCloses)
{
    Session session;
    auto client = session.connect();
    Signal destroyed;
    session.impl.on_counter_destroyed = [&] { destroyed.set(); };
    auto counter = client->makeCounter();
    EventLoop& loop = session.clientLoop();
    // Released and closed in one turn.
    loop.sync([&] {
        delete static_cast<ProxyClient<messages::Counter>*>(counter.release());
        delete client->m_context.connection;
    });
    EXPECT_TRUE(destroyed.wait());
    client.reset();
}

TEST(Lifetime, ClientsMayBeDestroyedOnTheLoopWithoutDestroy)
{
    Session session;
    Signal destroyed;
    session.impl.on_counter_destroyed = [&] { destroyed.set(); };
    auto counter = session.client->makeCounter();
    session.clientLoop().sync([&] { delete static_cast<ProxyClient<messages::Counter>*>(counter.release()); });
    EXPECT_TRUE(destroyed.wait());
}

TEST(Lifetime, DestructorOfAServersObjectMayCallItsPeer)
{
    // A user's destructor makes a call over the connection that its object lived on.
    Session session;
    std::atomic<int> result{0};
    Signal done;
    session.impl.on_counter_destroyed = [&] {
        try {
            result = session.impl.callShared(20);
        } catch (const std::exception&) {
            result = -2;
        }
        done.set();
    };
    auto counter = session.client->makeCounter();
    session.client->share(std::make_shared<FnCallback>([](int32_t arg) { return arg + 1; }));
    delete static_cast<ProxyClient<messages::Counter>*>(counter.release());
    // The callback runs when this thread waits in a call.
    while (!done.isSet()) session.client->addOnWorker(1, 2);
    EXPECT_EQ(result, 21);
    session.client->share(nullptr);
}

TEST(Lifetime, SyncCleanupFunctionsRunLastFirst)
{
    Session session;
    std::string order;
    session.clientLoop().sync([&] {
        session.connection->addSyncCleanup([&] { order += "first"; });
        const auto removed = session.connection->addSyncCleanup([&] { order += "removed"; });
        session.connection->addSyncCleanup([&] { order += "last "; });
        session.connection->removeSyncCleanup(removed);
    });
    session.disconnectClient();
    EXPECT_EQ(order, "last first");
}

} // namespace
} // namespace mp::test
