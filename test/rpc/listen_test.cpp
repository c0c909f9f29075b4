#include <gtest/gtest.h>

#include <rpc/support/address.h>
#include <rpc/support/session.h>
#include <sys/resource.h>
#include <unistd.h>

namespace mp::test {
namespace {

//! A loop that serves what connects to an address.
class ListeningServer
{
public:
    explicit ListeningServer(std::optional<size_t> max_connections = std::nullopt) : m_thread(m_logs.options())
    {
        EventLoop& loop = m_thread.loop();
        loop.sync([&] {
            loop.testing_hook_connected = [this] { ++connected; };
            loop.testing_hook_disconnected = [this] { ++disconnected; };
        });
        ListenConnections<messages::Service>(loop, m_address.listen(), m_impl, max_connections);
    }

    SocketId dial() const { return m_address.dial(); }
    bool refuses() const { return m_address.refuses(); }
    std::unique_ptr<ServiceClient> connect(LoopThread& client)
    {
        return ConnectStream<messages::Service>(client.loop(), MakeStream(client.loop(), dial()));
    }

    EventLoop& loop() { return m_thread.loop(); }
    Logs& logs() { return m_logs; }
    ServiceImpl& impl() { return m_impl; }
    LoopThread& thread() { return m_thread; }

    std::atomic<int> connected{0};
    std::atomic<int> disconnected{0};

private:
    Logs m_logs;
    ServiceImpl m_impl;
    Address m_address;
    LoopThread m_thread;
};

class Listen : public testing::Test
{
protected:
    Logs m_logs;
    LoopThread m_client{m_logs.options()};
};

TEST_F(Listen, ServesEachClient)
{
    ListeningServer server;
    for (int i = 0; i < 5; ++i) {
        const auto client = server.connect(m_client);
        EXPECT_EQ(client->addOnWorker(i, 1), i + 1);
        EXPECT_EQ(server.connected, i + 1);
    }
    EXPECT_TRUE(server.logs().waitFor("IPC server: socket disconnected.", 5));
    EXPECT_EQ(server.logs().count("IPC server: socket connected."), 5u);
}

TEST_F(Listen, ServesManyAtOnce)
{
    ListeningServer server;
    std::vector<std::unique_ptr<ServiceClient>> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(server.connect(m_client));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(clients[i]->add(i, 1), i + 1);
    EXPECT_EQ(server.connected, 50);
}

//! A call that says when it has begun; the connection waits to be accepted until then.
class LateClient
{
public:
    LateClient(ListeningServer& server, LoopThread& client)
        : m_socket(server.dial()), m_thread([this, &client] {
              auto service = ConnectStream<messages::Service>(client.loop(), MakeStream(client.loop(), m_socket));
              EXPECT_EQ(service->add(1, 2), 3);
              m_served.set();
              EXPECT_TRUE(m_leave.wait());
          })
    {
    }
    ~LateClient()
    {
        m_leave.set();
        m_thread.join();
    }
    //! Go, as soon as it was served.
    void leave() { m_leave.set(); }
    bool served() const { return m_served.isSet(); }
    [[nodiscard]] bool waitServed() const { return m_served.wait(); }

private:
    Signal m_served;
    Signal m_leave;
    const SocketId m_socket;
    std::thread m_thread;
};

TEST_F(Listen, AcceptsNoMoreThanAllowed)
{
    for (const size_t max : {size_t{1}, size_t{2}}) {
        ListeningServer server(max);
        std::vector<std::unique_ptr<ServiceClient>> clients;
        for (size_t i = 0; i < max; ++i) clients.push_back(server.connect(m_client));
        LateClient late(server, m_client);
        LateClient later(server, m_client);
        // The server is idle, and has not accepted.
        for (int i = 0; i < 20; ++i) EXPECT_EQ(clients[0]->addOnWorker(i, 1), i + 1);
        EXPECT_EQ(server.connected, static_cast<int>(max));
        EXPECT_FALSE(late.served());
        // One leaves: one is let in.
        clients.pop_back();
        while (!late.served() && !later.served()) std::this_thread::yield();
        EXPECT_EQ(server.connected, static_cast<int>(max) + 1);
        EXPECT_FALSE(late.served() && later.served());
        late.leave();
        later.leave();
        EXPECT_TRUE(late.waitServed());
        EXPECT_TRUE(later.waitServed());
    }
}

TEST_F(Listen, AcceptsNoneAtZero)
{
    ListeningServer server(0);
    const SocketId socket = server.dial();
    server.loop().sync([] {});
    EXPECT_EQ(server.connected, 0);
    CloseSocket(socket);
}

TEST_F(Listen, AcceptsAgainAfterALocalClose)
{
    ListeningServer server(1);
    for (int i = 0; i < 5; ++i) {
        const auto client = server.connect(m_client);
        EXPECT_EQ(client->add(1, 2), 3);
        server.loop().sync([&] { server.loop().m_incoming_connections.clear(); });
    }
    EXPECT_EQ(server.connected, 5);
}

TEST_F(Listen, ClientThatClosesBeforeItIsAcceptedIsNoError)
{
    ListeningServer server(1);
    auto first = server.connect(m_client);
    CloseSocket(server.dial());
    first.reset();
    EXPECT_TRUE(server.logs().waitFor("IPC server: socket disconnected.", 2));
    server.loop().sync([] {}); // the hook comes after the message
    EXPECT_EQ(server.connected, 2);
    EXPECT_EQ(server.disconnected, 2);
    EXPECT_EQ(server.logs().countLevel(Log::Error), 0u) << server.logs().all();
    EXPECT_EQ(server.connect(m_client)->add(1, 2), 3);
}

TEST_F(Listen, SeveralListenersShareALoopAndAnObject)
{
    ListeningServer server;
    Address second;
    ListenConnections<messages::Service>(server.loop(), second.listen(), server.impl());
    for (int i = 0; i < 5; ++i) {
        const auto first_client = server.connect(m_client);
        const auto second_client =
            ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), second.dial()));
        EXPECT_EQ(first_client->add(i, 2), i + 2);
        EXPECT_EQ(second_client->addOnWorker(i, 4), i + 4);
    }
    EXPECT_EQ(server.connected, 10);
}

TEST_F(Listen, DoesNotKeepTheLoop)
{
    ListeningServer server;
    const auto client = server.connect(m_client);
    EXPECT_EQ(client->add(1, 2), 3);
    server.loop().sync([&] { server.loop().m_incoming_connections.clear(); });
    server.thread().release();
}

TEST_F(Listen, EndsWhenTheLoopIsShutDown)
{
    for (const size_t max : {1, 2}) {
        // Where there are as many connections as allowed it doesn't accept at that moment.
        ListeningServer server(max);
        const auto client = server.connect(m_client);
        EXPECT_EQ(client->add(1, 2), 3);
        EXPECT_FALSE(server.refuses());
        EXPECT_TRUE(server.loop().shutdown(std::chrono::hours(1)));
        EXPECT_TRUE(server.refuses());
    }
}

#if !defined(__SANITIZE_ADDRESS__)
// The undefined behaviour sanitizer, which comes with this one, needs descriptors of its own and dies without.
TEST_F(Listen, RecoversFromALackOfDescriptors)
{
    ListeningServer server;
    EXPECT_EQ(server.connect(m_client)->add(1, 2), 3);
    rlimit limit;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const SocketId socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const rlimit none{static_cast<rlim_t>(socket) + 1, limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    // All below are in use: what connects now can't be accepted.
    std::vector<int> fillers;
    for (int fd; (fd = dup(0)) >= 0;) fillers.push_back(fd);
    CloseSocket(socket);
    const SocketId dialed = server.dial();
    const bool warned = server.logs().waitFor("accept failed, trying again");
    for (const int fd : fillers) close(fd);
    setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_TRUE(warned);
    EXPECT_EQ(ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), dialed))->add(1, 2), 3);
}
#endif

} // namespace
} // namespace mp::test
