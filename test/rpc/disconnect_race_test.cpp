#include <gtest/gtest.h>

#include <barrier>
#include <rpc/support/errors.h>
#include <rpc/support/race.h>
#include <rpc/support/session.h>
#include <thread>
#include <vector>

namespace mp::test {
namespace {

enum class Side { Server, Client };
using Hook = std::function<void()> EventLoop::*;

void Disconnect(Session& session, Side side)
{
    if (side == Side::Server) {
        session.disconnectServer();
    } else {
        session.disconnectClient();
    }
}

//! Call while another thread closes the connection, at the moment when the server reaches a hook.
void RaceAt(Hook hook, Side side)
{
    for (int i = 0; i < REPEATS; ++i) {
        std::barrier moment(2);
        std::atomic<bool> reached{false};
        // Destroyed first: methods may outlive their calls.
        Session session;
        session.serverLoop().sync([&] {
            session.serverLoop().*hook = [&] {
                if (!reached.exchange(true)) moment.arrive_and_wait();
            };
        });
        std::thread breaker([&] {
            moment.arrive_and_wait();
            Disconnect(session, side);
        });
        const std::string error = ErrorOf([&] { session.client->addOnWorker(1, 2); });
        EXPECT_TRUE(SucceededOrDisconnected(error)) << error;
        breaker.join();
    }
}

TEST(DisconnectRace, LocalDuringMakeThread) { RaceAt(&EventLoop::testing_hook_makethread, Side::Server); }
TEST(DisconnectRace, RemoteDuringMakeThread) { RaceAt(&EventLoop::testing_hook_makethread, Side::Client); }
TEST(DisconnectRace, LocalBeforeTheWorkerWaits) { RaceAt(&EventLoop::testing_hook_makethread_created, Side::Server); }
TEST(DisconnectRace, RemoteBeforeTheWorkerWaits) { RaceAt(&EventLoop::testing_hook_makethread_created, Side::Client); }
TEST(DisconnectRace, LocalBeforeExecution) { RaceAt(&EventLoop::testing_hook_async_request_start, Side::Server); }
TEST(DisconnectRace, RemoteBeforeExecution) { RaceAt(&EventLoop::testing_hook_async_request_start, Side::Client); }
TEST(DisconnectRace, LocalAfterExecution) { RaceAt(&EventLoop::testing_hook_async_request_done, Side::Server); }
TEST(DisconnectRace, RemoteAfterExecution) { RaceAt(&EventLoop::testing_hook_async_request_done, Side::Client); }

//! The worker itself closes the connection at a hook.
void CloseAt(Hook hook)
{
    for (int i = 0; i < REPEATS; ++i) {
        Session session;
        session.serverLoop().sync([&] { session.serverLoop().*hook = [&] { session.disconnectServer(); }; });
        EXPECT_EQ(ErrorOf([&] { session.client->addOnWorker(1, 2); }), INTERRUPTED);
    }
}

TEST(DisconnectRace, ByTheWorkerBeforeItWaits) { CloseAt(&EventLoop::testing_hook_makethread_created); }
TEST(DisconnectRace, ByTheWorkerBeforeExecution) { CloseAt(&EventLoop::testing_hook_async_request_start); }
TEST(DisconnectRace, ByTheWorkerAfterExecution) { CloseAt(&EventLoop::testing_hook_async_request_done); }

//! Call while another thread closes the connection when the method begins, so that its end and the disconnect meet.
void RaceInMethod(Side side)
{
    for (int i = 0; i < REPEATS; ++i) {
        std::barrier moment(2);
        Session session;
        session.impl.on_run = [&](const std::string& what) {
            moment.arrive_and_wait();
            return what;
        };
        std::thread breaker([&] {
            moment.arrive_and_wait();
            Disconnect(session, side);
        });
        const std::string error = ErrorOf([&] { session.client->run("x"); });
        EXPECT_TRUE(SucceededOrDisconnected(error)) << error;
        breaker.join();
    }
}

TEST(DisconnectRace, LocalDuringTheMethod) { RaceInMethod(Side::Server); }
TEST(DisconnectRace, RemoteDuringTheMethod) { RaceInMethod(Side::Client); }

//! The same when the method is in the middle of a callback.
void RaceInCallback(Side side)
{
    for (int i = 0; i < REPEATS; ++i) {
        std::barrier moment(2);
        Session session;
        FnCallback callback([&](int32_t arg) {
            moment.arrive_and_wait();
            return arg;
        });
        std::thread breaker([&] {
            moment.arrive_and_wait();
            Disconnect(session, side);
        });
        // The server may see the end of its callback first, and say so.
        const std::string error = ErrorOf([&] { session.client->lend(callback, 1); });
        EXPECT_TRUE(SucceededOrDisconnected(error) || error.find(INTERRUPTED) != std::string::npos) << error;
        breaker.join();
    }
}

TEST(DisconnectRace, LocalDuringACallback) { RaceInCallback(Side::Server); }
TEST(DisconnectRace, RemoteDuringACallback) { RaceInCallback(Side::Client); }

//! Both sides close at once, with calls of several threads on the way.
TEST(DisconnectRace, BothSidesAtOnceUnderCalls)
{
    for (int i = 0; i < REPEATS; ++i) {
        Session session;
        std::barrier start(6);
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                std::string error;
                do {
                    error = ErrorOf([&] { session.client->addOnWorker(1, 2); });
                    EXPECT_TRUE(SucceededOrDisconnected(error)) << error;
                } while (error == "no exception");
            });
        }
        for (const Side side : {Side::Server, Side::Client}) {
            threads.emplace_back([&, side] {
                start.arrive_and_wait();
                Disconnect(session, side);
            });
        }
        for (auto& thread : threads) thread.join();
    }
}

//! Call again and again until another thread has closed the connection.
template <typename Fn>
void CloseUnderCalls(Fn&& call)
{
    for (int i = 0; i < REPEATS * 5; ++i) {
        Session session;
        std::barrier start(2);
        std::thread breaker([&] {
            start.arrive_and_wait();
            session.disconnectServer();
        });
        // The worker is there, and waits for requests.
        EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
        start.arrive_and_wait();
        std::string error;
        do {
            error = ErrorOf([&] { call(*session.client); });
            EXPECT_TRUE(SucceededOrDisconnected(error)) << error;
        } while (error == "no exception");
        breaker.join();
    }
}

TEST(DisconnectRace, WhileAnswersArrive)
{
    CloseUnderCalls([](ServiceClient& client) { client.add(1, 2); });
}

TEST(DisconnectRace, WhileRequestsReachAWorker)
{
    CloseUnderCalls([](ServiceClient& client) { client.addOnWorker(1, 2); });
}

} // namespace
} // namespace mp::test
