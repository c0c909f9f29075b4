// The hooks for tests: which thread calls them, and when.
#include <gtest/gtest.h>

#include <rpc/support/session.h>

namespace mp::test {
namespace {

TEST(Hooks, RunOnTheirThreadsAtTheirMoments)
{
    struct Moment
    {
        std::string what;
        bool on_loop;
        std::thread::id thread;
        std::string thread_name;
        size_t connections;
    };
    std::mutex mutex;
    std::vector<Moment> moments;
    Signal disconnected;
    std::atomic<bool> answered{false};
    std::atomic<bool> answered_when_done{true};

    Session session;
    EventLoop& loop = session.serverLoop();
    auto note = [&](const std::string& what) {
        Moment moment{what, loop.isLoopThread(), std::this_thread::get_id(), CurrentThread().thread_name, 0};
        // No lock is held: the loop can be used.
        loop.sync([&] { moment.connections = loop.m_incoming_connections.size(); });
        const std::lock_guard lock(mutex);
        moments.push_back(std::move(moment));
    };
    loop.sync([&] {
        loop.testing_hook_connected = [&] { note("connected"); };
        loop.testing_hook_makethread = [&] { note("makethread"); };
        loop.testing_hook_makethread_created = [&] { note("created"); };
        loop.testing_hook_async_request_start = [&] { note("start"); };
        loop.testing_hook_async_request_done = [&] {
            answered_when_done = answered.load();
            note("done");
        };
        loop.testing_hook_disconnected = [&] {
            note("disconnected");
            disconnected.set();
        };
    });
    session.impl.on_run = [&](const std::string& what) {
        note("method");
        return what;
    };
    std::thread([&] {
        const auto client = session.connect();
        EXPECT_EQ(client->run("x"), "x");
        answered = true;
    }).join();
    ASSERT_TRUE(disconnected.wait());
    loop.sync([] {}); // the last hook has returned

    std::string order;
    for (const Moment& moment : moments) order += moment.what + " ";
    ASSERT_EQ(order, "connected makethread created start method done disconnected ");
    EXPECT_FALSE(answered_when_done);
    const std::thread::id worker = moments[4].thread;
    for (const Moment& moment : moments) {
        SCOPED_TRACE(moment.what);
        const bool by_worker =
            moment.what == "created" || moment.what == "start" || moment.what == "done" || moment.what == "method";
        EXPECT_EQ(moment.on_loop, !by_worker);
        if (by_worker) {
            EXPECT_EQ(moment.thread, worker);
            EXPECT_NE(moment.thread_name.find(" (from "), std::string::npos);
        }
        // Its own is in the list from the first hook on, and not any more at the last.
        EXPECT_EQ(moment.connections, moment.what == "disconnected" ? 1u : 2u);
    }
    loop.sync([&] {
        for (auto hook : {&EventLoop::testing_hook_connected, &EventLoop::testing_hook_makethread,
                          &EventLoop::testing_hook_makethread_created, &EventLoop::testing_hook_async_request_start,
                          &EventLoop::testing_hook_async_request_done, &EventLoop::testing_hook_disconnected}) {
            loop.*hook = nullptr;
        }
    });
}

TEST(Hooks, AroundARequestAreCalledForFailuresToo)
{
    std::atomic<int> starts{0};
    std::atomic<int> ends{0};
    Session session;
    EventLoop& loop = session.serverLoop();
    loop.sync([&] {
        loop.testing_hook_async_request_start = [&] { ++starts; };
        loop.testing_hook_async_request_done = [&] { ++ends; };
    });
    session.impl.on_run = [](const std::string&) -> std::string { throw std::runtime_error("boom"); };
    EXPECT_ANY_THROW(session.client->run("x"));
    EXPECT_EQ(session.client->add(1, 2), 3); // not by a worker
    EXPECT_EQ(starts, 1);
    EXPECT_EQ(ends, 1);
}

TEST(Hooks, OfConnectionsComeAfterTheirMessages)
{
    Signal disconnected;
    std::atomic<size_t> connected_lines{0};
    std::atomic<size_t> disconnected_lines{0};
    Session session;
    EventLoop& loop = session.serverLoop();
    loop.sync([&] {
        loop.testing_hook_connected = [&] {
            connected_lines = session.serverLogs().count("IPC server: socket connected.");
        };
        loop.testing_hook_disconnected = [&] {
            disconnected_lines = session.serverLogs().count("IPC server: socket disconnected.");
            disconnected.set();
        };
    });
    session.connect().reset();
    ASSERT_TRUE(disconnected.wait());
    EXPECT_EQ(connected_lines, 2u); // and that of the session
    EXPECT_EQ(disconnected_lines, 1u);
}

} // namespace
} // namespace mp::test
