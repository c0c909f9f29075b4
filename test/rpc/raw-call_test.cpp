// Requests as Cap'n Proto itself makes them: what becomes of their threads.
#include <gtest/gtest.h>

#include <regex>
#include <rpc/support/gate.h>
#include <rpc/support/raw-call.h>
#include <rpc/support/session.h>

namespace mp::test {
namespace {

//! A session, and requests of "run" over it with threads made by hand.
class RawRequests : public testing::Test
{
protected:
    RawRequests() : m_loop(m_session.clientLoop()) {}
    ~RawRequests() override
    {
        m_loop.sync([&] { m_threads.clear(); });
    }

    //! A thread of the server's. @return its number for run()
    size_t makeThread()
    {
        m_loop.sync(
            [&] { m_threads.push_back(m_session.connection->m_thread_map.makeThreadRequest().send().getResult()); });
        return m_threads.size() - 1;
    }
    std::unique_ptr<RawResult> run(std::optional<size_t> thread, const std::string& what)
    {
        return std::make_unique<RawResult>(m_loop, [&] {
            auto request = m_session.client->m_client.runRequest();
            if (thread) request.initContext().setThread(m_threads[*thread]);
            request.setWhat(what);
            return request.send();
        });
    }
    std::string makePool(uint32_t count)
    {
        return RawResult(m_loop,
                         [&] {
                             auto request = m_session.connection->m_thread_map.makePoolRequest();
                             request.setCount(count);
                             return request.send();
                         })
            .text();
    }

    // Destroyed last: methods may outlive their calls.
    Gate m_gate;
    Session m_session;
    EventLoop& m_loop;
    std::vector<Thread::Client> m_threads;
};

TEST_F(RawRequests, OfOneThreadRunOneAfterAnother)
{
    std::mutex mutex;
    std::vector<std::string> order;
    std::set<std::thread::id> threads;
    std::atomic<int> running{0};
    m_session.impl.on_run = [&](const std::string& what) {
        EXPECT_EQ(++running, 1);
        {
            const std::lock_guard lock(mutex);
            order.push_back(what);
            threads.insert(std::this_thread::get_id());
        }
        --running;
        return what;
    };
    const size_t thread = makeThread();
    std::vector<std::unique_ptr<RawResult>> results;
    for (const std::string what : {"100", "200", "300"}) results.push_back(run(thread, what));
    for (const auto& result : results) EXPECT_EQ(result->text(), "done");
    EXPECT_EQ(order, (std::vector<std::string>{"100", "200", "300"}));
    EXPECT_EQ(threads.size(), 1u);
    EXPECT_FALSE(m_session.serverLogs().has("busy"));
}

TEST_F(RawRequests, KeepTheirThreadWhileTheyRun)
{
    m_session.impl.on_run = [&](const std::string& what) {
        m_gate.pass();
        return what;
    };
    makeThread();
    const auto result = run(0, "x");
    ASSERT_TRUE(m_gate.waitReached());
    m_loop.sync([&] { m_threads.clear(); });
    // The loop is not held up by the end of the thread.
    EXPECT_EQ(m_session.client->add(1, 2), 3);
    EXPECT_FALSE(result->ended());
    m_gate.open();
    EXPECT_EQ(result->text(), "done");
}

TEST_F(RawRequests, ThatWaitForTheirTurnAreDroppedWithTheConnection)
{
    std::atomic<int> calls{0};
    m_session.impl.on_run = [&](const std::string& what) {
        ++calls;
        m_gate.pass();
        return what;
    };
    const size_t thread = makeThread();
    const auto first = run(thread, "first");
    const auto second = run(thread, "second");
    ASSERT_TRUE(m_gate.waitReached());
    const Logs& logs = m_session.serverLogs();
    ASSERT_TRUE(logs.waitFor("IPC server post request", 2));
    m_session.disconnectServer();
    EXPECT_TRUE(logs.hasLine(Log::Info, THREAD + R"(IPC server request #\d+ canceled while executing\.)"))
        << logs.all();
    EXPECT_TRUE(logs.hasLine(Log::Info, THREAD + R"(IPC server request #\d+ canceled before it could be executed)"));
    EXPECT_EQ(first->text().substr(0, 13), "disconnected:");
    EXPECT_EQ(second->text().substr(0, 13), "disconnected:");
    m_gate.open();
    EXPECT_TRUE(logs.waitFor("interrupted (canceled)"));
    EXPECT_TRUE(logs.hasLine(Log::Info, THREAD + R"(IPC server request #\d+ interrupted \(canceled\))"));
    EXPECT_EQ(calls, 1);
}

TEST_F(RawRequests, WithoutThreadsGoToThePoolsThreadWithTheFewest)
{
    std::mutex mutex;
    std::map<std::string, std::string> workers;
    std::map<std::string, Gate> gates;
    for (const std::string what : {"a", "b", "c", "d", "e", "f", "g"}) gates[what];
    m_session.impl.on_run = [&](const std::string& what) {
        {
            const std::lock_guard lock(mutex);
            const std::string name = CurrentThread().thread_name;
            EXPECT_TRUE(std::regex_match(name, std::regex(R"(mptest-\d+/.*\d+ \(pool/\d\))"))) << name;
            workers[what] = name.substr(name.find(" (pool/"));
        }
        gates[what].pass();
        return what;
    };
    ASSERT_EQ(makePool(3), "done");
    std::map<std::string, std::unique_ptr<RawResult>> results;
    auto begin = [&](const std::string& what) {
        results[what] = run(std::nullopt, what);
        // In the order of arrival.
        m_session.client->add(1, 2);
    };
    auto end = [&](const std::string& what) {
        gates[what].open();
        EXPECT_EQ(results[what]->text(), "done");
    };
    for (const std::string what : {"a", "b", "c"}) begin(what);
    for (const std::string what : {"a", "b", "c"}) EXPECT_TRUE(gates[what].waitReached());
    begin("d"); // all have one: behind a
    end("b");
    begin("e"); // the second is idle
    EXPECT_TRUE(gates["e"].waitReached());
    begin("f"); // two, one, one: behind e
    for (const std::string what : {"a", "c", "d", "e", "f"}) end(what);
    begin("g"); // all idle
    end("g");
    const std::map<std::string, std::string> expected{{"a", " (pool/0)"}, {"b", " (pool/1)"}, {"c", " (pool/2)"},
                                                      {"d", " (pool/0)"}, {"e", " (pool/1)"}, {"f", " (pool/1)"},
                                                      {"g", " (pool/0)"}};
    EXPECT_EQ(workers, expected);
}

TEST_F(RawRequests, TellInTheLogWhyTheyHaveNoThread)
{
    EXPECT_EQ(run(std::nullopt, "x")->text(),
              "failed: remote exception: std::exception: no thread specified and no pool configured");
    m_loop.sync([&] {
        m_threads.push_back(capnp::Capability::Client(m_session.client->m_client).castAs<Thread>());
        ThreadMap::Client none(nullptr);
        m_threads.push_back(none.makeThreadRequest().send().getResult());
    });
    EXPECT_EQ(run(0, "x")->text(), "failed: remote exception: std::exception: invalid thread handle");
    EXPECT_NE(run(1, "x")->text().find("remote exception: Called null capability."), std::string::npos);
    const Logs& logs = m_session.serverLogs();
    const std::string error = THREAD + R"(IPC server error request #\d+)";
    EXPECT_TRUE(logs.hasLine(Log::Error, error + ", no thread specified and no pool configured")) << logs.all();
    EXPECT_TRUE(logs.hasLine(Log::Error, error + ", missing thread to execute request"));
    EXPECT_TRUE(logs.hasLine(Log::Info, error +
                                            " CapabilityServerSet<Thread>::getLocalServer call failed, did you "
                                            "forget to provide a ThreadMap to the client prior to this IPC call\\?"));
}

} // namespace
} // namespace mp::test
