#include <gtest/gtest.h>

#include <regex>
#include <rpc/support/session.h>
#include <unistd.h>

namespace mp::test {
namespace {

TEST(LogTexts, OfACallOnTheLoop)
{
    Session session;
    EXPECT_EQ(session.client->add(1, 2), 3);
    session.closeClient();
    ASSERT_TRUE(session.serverLogs().waitFor("IPC server: socket disconnected."));
    const Logs& client = session.clientLogs();
    EXPECT_TRUE(client.hasLine(Log::Debug, THREAD + R"(IPC client send Service\.add\$Params)")) << client.all();
    EXPECT_TRUE(client.hasLine(Log::Debug, THREAD + R"(IPC client recv Service\.add\$Results)"));
    EXPECT_TRUE(client.hasLine(Log::Trace, R"(send data: \(a = 1, b = 2\))"));
    EXPECT_TRUE(client.hasLine(Log::Trace, R"(recv data: \(result = 3\))"));
    const Logs& server = session.serverLogs();
    EXPECT_TRUE(server.hasLine(Log::Info, THREAD + "IPC server: socket connected\\."));
    EXPECT_TRUE(server.hasLine(Log::Debug, THREAD + R"(IPC server recv request  #\d+ Service\.add\$Params)"));
    EXPECT_TRUE(server.hasLine(Log::Trace, THREAD + R"(request data: \(a = 1, b = 2\))"));
    EXPECT_TRUE(server.hasLine(Log::Debug, THREAD + R"(IPC server send response #\d+ Service\.add\$Results)"));
    EXPECT_TRUE(server.hasLine(Log::Trace, THREAD + R"(response data: \(result = 3\))"));
    EXPECT_TRUE(server.hasLine(Log::Info, THREAD + "IPC server: socket disconnected\\."));
    EXPECT_EQ(client.countLevel(Log::Warning) + server.countLevel(Log::Warning), 0u) << client.all() << server.all();
    EXPECT_EQ(client.countLevel(Log::Error) + server.countLevel(Log::Error), 0u) << client.all() << server.all();
}

TEST(LogTexts, OfACallOnAWorker)
{
    Session session;
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
    const Logs& server = session.serverLogs();
    const std::string worker = R"(mptest-\d+/[^}]*)";
    EXPECT_TRUE(server.hasLine(Log::Debug, THREAD + R"(IPC server recv request  #\d+ Service\.addOnWorker\$Params)"));
    EXPECT_TRUE(server.hasLine(Log::Debug, THREAD + R"(IPC server post request  #\d+ \{)" + worker + R"(\})"))
        << server.all();
    EXPECT_TRUE(server.hasLine(Log::Debug, THREAD + R"(IPC server executing request #\d+)"));
    EXPECT_TRUE(server.hasLine(Log::Debug, THREAD + R"(IPC server send response #\d+ Service\.addOnWorker\$Results)"));
}

TEST(LogTexts, OfARequestComeInOrderWithItsNumber)
{
    Session session;
    EXPECT_EQ(session.client->addOnWorker(1, 2), 3);
    EXPECT_EQ(session.client->add(1, 2), 3);
    std::vector<std::string> texts;
    std::vector<int> numbers;
    for (const LogMessage& message : session.serverLogs().messages()) {
        std::smatch match;
        if (!std::regex_match(message.message, match, std::regex(R"(\{[^}]*\} IPC server (\w+ \w+ +)#(\d+).*)")))
            continue;
        if (message.message.find("construct") != std::string::npos) continue;
        texts.push_back(match[1]);
        numbers.push_back(std::stoi(match[2]));
    }
    EXPECT_EQ(texts, (std::vector<std::string>{"recv request  ", "post request  ", "executing request ",
                                               "send response ", "recv request  ", "send response "}));
    ASSERT_EQ(numbers.size(), 6u);
    EXPECT_EQ(numbers,
              (std::vector<int>{numbers[0], numbers[0], numbers[0], numbers[0], numbers[0] + 1, numbers[0] + 1}));
    // One count for all loops of the process.
    Session other;
    EXPECT_EQ(other.client->add(1, 2), 3);
    EXPECT_TRUE(other.serverLogs().has("recv request  #" + std::to_string(numbers[0] + 3))) << other.serverLogs().all();
}

TEST(LogTexts, OfAThreadsFirstCall)
{
    Session session;
    std::thread([&] {
        CurrentThread().thread_name = "painter";
        EXPECT_EQ(session.client->add(1, 2), 3);
        EXPECT_EQ(session.client->add(1, 2), 3);
    }).join();
    EXPECT_EQ(session.clientLogs().count(
                  "{painter} IPC client first request from current thread, constructing waiter"),
              1u);
    EXPECT_TRUE(session.clientLogs().hasLine(
        Log::Info, R"(\{painter\} IPC client first request from current thread, constructing waiter)"));
    EXPECT_TRUE(session.clientLogs().has(Log::Debug, "{painter} IPC client send Service.add$Params"));
}

TEST(LogTexts, OfAnUnexpectedDisconnect)
{
    Session session;
    const auto client = session.connect();
    session.disconnectServer();
    EXPECT_TRUE(session.clientLogs().waitFor("IPC client: unexpected network disconnect."));
    EXPECT_TRUE(session.clientLogs().hasLine(Log::Warning, THREAD + "IPC client: unexpected network disconnect\\."));
}

TEST(LogTexts, OfARequestThatFails)
{
    Session session;
    session.impl.on_run = [](const std::string&) -> std::string { throw std::runtime_error("no"); };
    EXPECT_ANY_THROW(session.client->run("it"));
    const Logs& server = session.serverLogs();
    EXPECT_TRUE(server.hasLine(Log::Error, THREAD + R"(IPC server request #\d+ uncaught exception \(.*no\))"))
        << server.all();
    EXPECT_TRUE(server.hasLine(Log::Error,
                               THREAD + R"(IPC server error request #\d+ Service\.run\$Results kj::Exception: .*no)"))
        << server.all();
}

TEST(LogTexts, OfObjects)
{
    Session session;
    auto counter = session.client->makeCounter();
    // Not by the base class, which has no virtual destructor.
    delete static_cast<ProxyClient<messages::Counter>*>(counter.release());
    ASSERT_TRUE(session.serverLogs().waitFor("Destroying ")) << session.serverLogs().all();
    const std::string client = R"( mp::ProxyClient<mp::test::messages::Counter> 0x[0-9a-f]+)";
    const std::string server = R"( mp::ProxyServerBase<mp::test::messages::Counter, mp::test::Counter> 0x[0-9a-f]+)";
    for (const std::string what : {"Creating", "Cleaning up", "Destroying"}) {
        EXPECT_TRUE(session.clientLogs().hasLine(Log::Debug, THREAD + what + client)) << session.clientLogs().all();
        EXPECT_TRUE(session.serverLogs().hasLine(Log::Debug, THREAD + what + server)) << session.serverLogs().all();
    }
    EXPECT_TRUE(session.clientLogs().hasLine(Log::Debug, THREAD + "IPC client destroy" + client));
    EXPECT_TRUE(session.serverLogs().hasLine(Log::Debug, THREAD + "IPC server destroy" + server));
}

TEST(LogTexts, CutDataOff)
{
    Logs logs;
    ServiceImpl impl;
    LoopThread server(LogOptions{.log_fn = logs.fn(), .max_chars = 30});
    Logs client_logs;
    LoopThread client(client_logs.options());
    const auto sockets = SocketPair();
    server.loop().sync([&] { ServeStream<messages::Service>(server.loop(), MakeStream(server.loop(), sockets[0]), impl); });
    auto service = ConnectStream<messages::Service>(client.loop(), MakeStream(client.loop(), sockets[1]));
    service->runOnLoop(std::string(1000, 'x') + "\n");
    EXPECT_TRUE(logs.hasLine(Log::Trace, THREAD + R"(request data: \(what = "x{22}\.\.\.)")) << logs.all();
    EXPECT_FALSE(logs.has(std::string(1000, 'x')));
    service.reset();
}

TEST(LogTexts, AreNotMadeBelowTheLevel)
{
    Logs logs;
    ServiceImpl impl;
    LoopThread server(LogOptions{.log_fn = logs.fn(), .log_level = Log::Error});
    Logs client_logs;
    LoopThread client(LogOptions{.log_fn = client_logs.fn(), .log_level = Log::Raise});
    const auto sockets = SocketPair();
    server.loop().sync([&] { ServeStream<messages::Service>(server.loop(), MakeStream(server.loop(), sockets[0]), impl); });
    auto service = ConnectStream<messages::Service>(client.loop(), MakeStream(client.loop(), sockets[1]));
    EXPECT_EQ(service->addOnWorker(1, 2), 3);
    service.reset();
    EXPECT_EQ(logs.all(), "");
    EXPECT_EQ(client_logs.all(), "");
}

TEST(ThreadNames, OfWorkersTellForWhom)
{
    Session session;
    std::string name;
    session.impl.on_run = [&](const std::string& what) {
        name = CurrentThread().thread_name;
        return what;
    };
    std::thread([&] {
        CurrentThread().thread_name = "painter";
        session.client->run("x");
    }).join();
    EXPECT_TRUE(std::regex_match(name, std::regex("mptest-" + std::to_string(getpid()) + R"(/.*\d+ \(from painter\))")))
        << name;
}

TEST(ThreadNames, AreSetByTheFirstCall)
{
    Session session;
    std::thread([&] {
        EXPECT_EQ(CurrentThread().thread_name, "");
        EXPECT_EQ(&CurrentThread(), &g_thread_context);
        session.client->add(1, 2);
        EXPECT_EQ(CurrentThread().thread_name, ThreadName("mptest"));
    }).join();
}

} // namespace
} // namespace mp::test
