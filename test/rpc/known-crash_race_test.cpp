// What crashes, or stops, the established library. Run very often: ci/jobs/crash.sh.
#include <gtest/gtest.h>

#include <barrier>
#include <rpc/support/errors.h>
#include <rpc/support/foreign.h>
#include <rpc/support/gate.h>
#include <rpc/support/race.h>
#include <rpc/support/session.h>
#include <thread>
#include <vector>

namespace mp::test {
namespace {

TEST(KnownCrash, ThreadsEndRightAfterTheirCallFailed)
{
    constexpr int THREADS = 50;
    for (int i = 0; i < REPEATS; ++i) {
        Gate gate(THREADS);
        // Destroyed first: methods may outlive their calls.
        Session session;
        session.impl.on_run = [&](const std::string& what) {
            gate.pass();
            return what;
        };
        std::atomic<int> interrupted{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < THREADS; ++t) {
            // Each ends as soon as its call has failed, while the loop still clears the connection up.
            threads.emplace_back([&] { interrupted += ErrorOf([&] { session.client->run("x"); }) == INTERRUPTED; });
        }
        EXPECT_TRUE(gate.waitReached());
        if (i % 2) {
            session.disconnectServer();
        } else {
            session.disconnectClient();
        }
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(interrupted, THREADS);
        gate.open();
    }
}

TEST(KnownCrash, ThreadsWithHandlesOnSeveralLoops)
{
    constexpr int SESSIONS = 4;
    constexpr int THREADS = 8;
    for (int i = 0; i < REPEATS; ++i) {
        std::vector<std::unique_ptr<Session>> sessions;
        for (int s = 0; s < SESSIONS; ++s) sessions.push_back(std::make_unique<Session>());
        std::barrier moment(THREADS + SESSIONS);
        std::vector<std::thread> threads;
        for (int t = 0; t < THREADS; ++t) {
            threads.emplace_back([&] {
                for (auto& session : sessions) EXPECT_EQ(session->client->addOnWorker(1, 2), 3);
                // Each ends with its handles while the connections go.
                moment.arrive_and_wait();
            });
        }
        for (int s = 0; s < SESSIONS; ++s) {
            threads.emplace_back([&, s] {
                moment.arrive_and_wait();
                if (s % 2) {
                    sessions[s]->disconnectServer();
                } else {
                    sessions[s]->disconnectClient();
                }
                sessions[s].reset();
            });
        }
        for (auto& thread : threads) thread.join();
    }
}

//! What an application tears down when it ends: used by methods, and by the objects that it serves.
struct Ledger
{
    ~Ledger() { open = false; }
    std::atomic<bool> open{true};
};

TEST(KnownCrash, ObjectsGoAfterTheirMethods)
{
    constexpr int THREADS = 4;
    for (int i = 0; i < REPEATS; ++i) {
        std::barrier moment(THREADS + 1);
        Signal closed;
        std::atomic<int> ended{0};
        auto ledger = std::make_unique<Ledger>();
        Session session;
        session.impl.on_make_account = [&] {
            moment.arrive_and_wait();
            EXPECT_TRUE(closed.wait());
            EXPECT_TRUE(ledger->open);
            ++ended;
            return std::make_unique<WatchedAccount>([&] { EXPECT_TRUE(ledger->open); });
        };
        std::vector<std::thread> threads;
        for (int t = 0; t < THREADS; ++t) {
            threads.emplace_back([&] { EXPECT_EQ(ErrorOf([&] { session.client->makeAccount(); }), INTERRUPTED); });
        }
        moment.arrive_and_wait();
        if (i % 2) {
            session.disconnectServer();
        } else {
            session.disconnectClient();
            EXPECT_TRUE(session.serverLogs().waitFor("IPC server: socket disconnected."));
        }
        closed.set();
        session.serverLoop().waitForMethods();
        EXPECT_EQ(ended, THREADS);
        ledger.reset();
        for (auto& thread : threads) thread.join();
    }
}

TEST(KnownCrash, ThreadsWithoutEnd)
{
    //! The usual limit is tested with other clients: ForeignClients.AreRefusedTooManyThreads.
    constexpr size_t LIMIT = 16;
    Session session;
    EventLoop& loop = session.serverLoop();
    for (int i = 0; i < REPEATS; ++i) {
        const auto sockets = SocketPair();
        loop.sync([&] {
            ServeStream<messages::Service>(loop, MakeStream(loop, sockets[0]), session.impl);
            loop.m_incoming_connections.front().setLimits({.max_threads = LIMIT});
        });
        ForeignClient hostile(sockets[1], [](kj::AsyncIoContext& io, messages::Service::Client service) {
            auto refused = [&](auto promise) {
                const auto error = kj::runCatchingExceptions([&] { promise.wait(io.waitScope); });
                KJ_IF_MAYBE (e, error) {
                    EXPECT_NE(std::string(e->getDescription().cStr()).find("too many threads"), std::string::npos)
                        << e->getDescription().cStr();
                    return true;
                }
                return false;
            };
            auto map = service.constructRequest().send().wait(io.waitScope).getThreadMap();
            for (const uint32_t count : {0xffffffffu, 0x80000000u, 100000u}) {
                auto pool = map.makePoolRequest();
                pool.setCount(count);
                EXPECT_TRUE(refused(pool.send()));
            }
            std::vector<Thread::Client> threads;
            bool limited = false;
            while (!limited && threads.size() < 10 * LIMIT) {
                auto promise = map.makeThreadRequest().send();
                threads.push_back(promise.getResult());
                limited = refused(kj::mv(promise));
            }
            EXPECT_EQ(threads.size(), LIMIT + 1);
            // Those that there are work.
            auto request = service.addOnWorkerRequest();
            request.initContext().setThread(threads.front());
            EXPECT_EQ(request.send().wait(io.waitScope).getResult(), 0);
        });
        hostile.join();
        EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
    }
}

TEST(KnownCrash, CleanupThatBlocks)
{
    using CounterClient = ProxyClient<messages::Counter>;
    constexpr int CONNECTIONS = 3;
    for (int i = 0; i < REPEATS; ++i) {
        Signal proceed;
        Signal gone;
        Session session;
        std::vector<std::unique_ptr<ServiceClient>> clients;
        std::vector<std::unique_ptr<CounterClient>> objects;
        for (int c = 0; c < CONNECTIONS; ++c) {
            const bool blocks = c < CONNECTIONS - 1;
            session.impl.on_counter_destroyed = [&, blocks] {
                if (blocks) {
                    EXPECT_TRUE(proceed.wait());
                } else {
                    gone.set();
                }
            };
            clients.push_back(session.connect());
            // The base class has no virtual destructor.
            objects.emplace_back(static_cast<CounterClient*>(clients.back()->makeCounter().release()));
        }
        if (i % 2) {
            session.disconnectServer();
        } else {
            objects.clear();
        }
        EXPECT_TRUE(gone.wait());
        proceed.set();
    }
}

} // namespace
} // namespace mp::test
