#include <gtest/gtest.h>

#include <barrier>
#include <rpc/support/errors.h>
#include <rpc/support/race.h>
#include <rpc/support/session.h>
#include <thread>
#include <vector>

namespace mp::test {
namespace {

TEST(ThreadRace, ThreadsEndWhileTheirConnectionsStay)
{
    Session session;
    for (int i = 0; i < REPEATS; ++i) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 16; ++t) threads.emplace_back([&] { EXPECT_EQ(session.client->addOnWorker(1, 2), 3); });
        for (auto& thread : threads) thread.join();
    }
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
}

TEST(ThreadRace, ConnectionsComeAndGoWhileTheServerClosesThem)
{
    Session session;
    std::atomic<bool> stop{false};
    std::thread breaker([&] {
        while (!stop) {
            session.serverLoop().sync([&] {
                auto& connections = session.serverLoop().m_incoming_connections;
                if (!connections.empty()) connections.pop_front();
            });
        }
    });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < REPEATS; ++i) {
                const std::string error = ErrorOf([&] {
                    const auto client = session.connect();
                    client->addOnWorker(1, 2);
                });
                EXPECT_TRUE(SucceededOrDisconnected(error)) << error;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    stop = true;
    breaker.join();
}

TEST(ThreadRace, ConnectionsComeAndGoInAStorm)
{
    Session session;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < REPEATS; ++i) {
                const auto client = session.connect();
                EXPECT_EQ(client->add(1, 2), 3);
                EXPECT_EQ(i % 2 ? client->addOnWorker(1, 2) : 3, 3);
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(ThreadRace, ServersLoopEndsWhileConnectionsComeAndGo)
{
    for (int i = 0; i < REPEATS; ++i) {
        constexpr int CLIENTS = 4;
        std::atomic<int> made{0};
        std::atomic<int> destroyed{0};
        {
            Session session;
            session.impl.on_counter_destroyed = [&] { ++destroyed; };
            std::barrier moment(CLIENTS + 1);
            std::vector<std::thread> threads;
            for (int t = 0; t < CLIENTS; ++t) {
                threads.emplace_back([&] {
                    std::vector<std::unique_ptr<ServiceClient>> clients;
                    std::vector<std::unique_ptr<ProxyClient<messages::Counter>>> counters;
                    for (int n = 0; n < 5; ++n) {
                        clients.push_back(session.connect());
                        counters.emplace_back(
                            static_cast<ProxyClient<messages::Counter>*>(clients.back()->makeCounter().release()));
                        ++made;
                    }
                    moment.arrive_and_wait();
                    // What the server destroys in the background keeps its loop until it is done.
                    while (!clients.empty()) {
                        if (clients.size() % 2) counters.pop_back();
                        clients.pop_back();
                    }
                });
            }
            moment.arrive_and_wait();
            session.closeClient();
            session.releaseServer();
            // The server's loop has returned, and its objects are gone.
            EXPECT_EQ(destroyed, made);
            for (auto& thread : threads) thread.join();
        }
    }
}

TEST(ThreadRace, ServerClosesConnectionsWhosePeersAreJustGoing)
{
    Session session;
    EventLoop& loop = session.serverLoop();
    for (int i = 0; i < REPEATS * 10; ++i) {
        const auto sockets = SocketPair();
        loop.sync([&] { ServeStream<messages::Service>(loop, MakeStream(loop, sockets[0]), session.impl); });
        std::barrier moment(2);
        std::thread peer([&] {
            moment.arrive_and_wait();
            CloseSocket(sockets[1]);
        });
        moment.arrive_and_wait();
        // A notification of the disconnect may be on its way.
        loop.sync([&] {
            if (loop.m_incoming_connections.size() > 1) loop.m_incoming_connections.pop_front();
        });
        peer.join();
    }
    EXPECT_EQ(session.client->add(1, 2), 3);
}

TEST(ThreadRace, ClientObjectsAreDestroyedByManyThreads)
{
    for (int i = 0; i < REPEATS; ++i) {
        std::atomic<int> destroyed{0};
        Session session;
        session.impl.on_counter_destroyed = [&] { ++destroyed; };
        constexpr int THREADS = 8;
        constexpr int OBJECTS = 10;
        const bool disconnect = i % 2;
        std::barrier moment(THREADS + 1);
        std::vector<std::thread> threads;
        for (int t = 0; t < THREADS; ++t) {
            threads.emplace_back([&] {
                std::vector<std::unique_ptr<ProxyClient<messages::Counter>>> counters;
                for (int n = 0; n < OBJECTS; ++n) {
                    counters.emplace_back(
                        static_cast<ProxyClient<messages::Counter>*>(session.client->makeCounter().release()));
                }
                moment.arrive_and_wait();
            });
        }
        moment.arrive_and_wait();
        if (disconnect) session.disconnectClient();
        for (auto& thread : threads) thread.join();
    }
}

TEST(ThreadRace, CallbacksOfManyThreadsAtOnce)
{
    Session session;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < REPEATS; ++i) {
                FnCallback callback([t](int32_t arg) { return arg + t; });
                EXPECT_EQ(session.client->lend(callback, i), i + t);
                EXPECT_EQ(session.client->give(std::make_unique<FnCallback>([t](int32_t arg) { return arg - t; }), i),
                          i - t);
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

} // namespace
} // namespace mp::test
