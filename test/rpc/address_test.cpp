#include <capnp/ez-rpc.h>
#include <mp/address.h>
#include <mp/c/address.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <rpc/support/errors.h>
#include <rpc/support/session.h>
#include <rpc/support/signal.h>
#include <support/temp_dir.h>

namespace mp::test {
namespace {

class AddressTest : public testing::Test
{
protected:
    std::unique_ptr<Listener> listen(const std::string& address, const ListenOptions& options = {})
    {
        return ListenAddress<messages::Service>(m_server.loop(), address, m_impl, options);
    }
    std::unique_ptr<ServiceClient> connect(const std::string& address)
    {
        return ConnectAddress<messages::Service>(m_client.loop(), address);
    }
    std::vector<std::string> addresses() const
    {
        return {"unix:" + (m_dir / "socket"), "unix-abstract:mp_test_" + std::to_string(getpid()), "tcp:127.0.0.1:0"};
    }

    const TempDir m_dir;
    const std::string m_path{m_dir / "socket"};
    const std::string m_unix{"unix:" + m_path};
    ServiceImpl m_impl;
    Logs m_server_logs;
    Logs m_client_logs;
    LoopThread m_server{m_server_logs.options()};
    LoopThread m_client{m_client_logs.options()};
};

class ListenAddressTest : public AddressTest
{
};

TEST_F(ListenAddressTest, ServesWhoConnectsAndTellsWhere)
{
    for (const std::string& address : addresses()) {
        SCOPED_TRACE(address);
        const auto listener = listen(address);
        if (address.rfind("tcp:", 0) == 0) {
            EXPECT_NE(listener->address(), address);
        } else {
            EXPECT_EQ(listener->address(), address);
        }
        const auto first = connect(listener->address());
        const auto second = connect(listener->address());
        EXPECT_EQ(first->add(1, 2), 3);
        EXPECT_EQ(second->addOnWorker(3, 4), 7);
    }
}

TEST_F(ListenAddressTest, ServesClientsThatHaveOnlyCapnProto)
{
    for (const std::string& address : addresses()) {
        SCOPED_TRACE(address);
        const auto listener = listen(address);
        std::thread foreign([&] {
            // KJ's addresses have no "tcp:".
            const std::string& where = listener->address();
            capnp::EzRpcClient client(where.rfind("tcp:", 0) == 0 ? where.substr(4) : where);
            auto request = client.getMain<messages::Service>().addRequest();
            request.setA(1);
            request.setB(2);
            EXPECT_EQ(request.send().wait(client.getWaitScope()).getResult(), 3);
        });
        foreign.join();
    }
}

TEST_F(ListenAddressTest, StopsWithTheListenerWhileConnectionsGoOn)
{
    for (const std::string& address : addresses()) {
        SCOPED_TRACE(address);
        auto listener = listen(address);
        const std::string where = listener->address();
        const auto client = connect(where);
        listener.reset();
        EXPECT_THROW(connect(where), std::system_error);
        EXPECT_EQ(m_dir.names(), std::set<std::string>{});
        EXPECT_EQ(client->add(1, 2), 3);
        // The address is free.
        listener = listen(where);
        EXPECT_EQ(connect(where)->add(1, 2), 3);
    }
    EXPECT_EQ(m_server_logs.countLevel(Log::Error), 0u) << m_server_logs.all();
}

TEST_F(ListenAddressTest, StopsAlsoWhileItIsFull)
{
    auto listener = listen(m_unix, {.max_connections = 1});
    auto client = connect(m_unix);
    // Connected, but not accepted.
    const SocketId waiting = detail::ConnectSocket(m_unix, DEADLINE);
    listener.reset();
    char byte;
    EXPECT_LE(read(waiting, &byte, 1), 0);
    CloseSocket(waiting);
    EXPECT_EQ(client->add(1, 2), 3);
    client.reset();
    EXPECT_TRUE(m_server_logs.waitFor("IPC server: socket disconnected."));
    EXPECT_EQ(m_server_logs.count("IPC server: socket connected."), 1u);
}

TEST_F(ListenAddressTest, StopsOnTheLoopThreadToo)
{
    auto listener = listen(m_unix);
    const auto client = connect(m_unix);
    m_server.loop().sync([&] { listener.reset(); });
    EXPECT_THROW(connect(m_unix), std::system_error);
    m_server.loop().sync([&] { listener = listen(m_unix); });
    EXPECT_EQ(connect(m_unix)->add(1, 2), 3);
    EXPECT_EQ(client->add(1, 2), 3);
}

TEST_F(ListenAddressTest, StopsInItsOwnCallback)
{
    std::unique_ptr<Listener> listener;
    m_server.loop().sync([&] {
        listener = listen(m_unix, {.authorise = [&](const PeerCredentials&) { listener.reset(); }});
    });
    EXPECT_EQ(connect(m_unix)->add(1, 2), 3);
    EXPECT_EQ(m_dir.names(), std::set<std::string>{});
}

TEST_F(ListenAddressTest, StopsAnotherThatIsAboutToAccept)
{
    std::unique_ptr<Listener> listeners[2];
    for (int i = 0; i < 2; ++i) {
        listeners[i] = listen("unix:" + (m_dir / std::to_string(i)),
                              {.authorise = [&listeners, i](const PeerCredentials&) { listeners[1 - i].reset(); }});
    }
    SocketId sockets[2];
    // The loop hears of both at once.
    m_server.loop().sync([&] {
        for (int i = 0; i < 2; ++i) sockets[i] = detail::ConnectSocket(listeners[i]->address(), DEADLINE);
    });
    EXPECT_TRUE(m_server_logs.waitFor("IPC server: socket connected."));
    for (const SocketId socket : sockets) CloseSocket(socket);
    EXPECT_TRUE(m_server_logs.waitFor("IPC server: socket disconnected."));
    EXPECT_EQ(m_server_logs.count("IPC server: socket connected."), 1u);
    EXPECT_EQ(m_server_logs.countLevel(Log::Error), 0u) << m_server_logs.all();
    // The one that is left, on the loop.
    m_server.loop().sync([&] {
        for (auto& listener : listeners) listener.reset();
    });
}

TEST_F(ListenAddressTest, KeepsTheLoop)
{
    auto listener = listen(m_unix);
    std::thread releaser([&] { m_server.release(); });
    EXPECT_EQ(connect(m_unix)->add(1, 2), 3);
    EXPECT_TRUE(m_server_logs.waitFor("IPC server: socket disconnected."));
    EXPECT_EQ(connect(m_unix)->add(1, 2), 3);
    listener.reset();
    releaser.join();
}

TEST_F(ListenAddressTest, SaysWhyNot)
{
    const auto listener = listen(m_unix);
    try {
        (void)listen(m_unix);
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), EADDRINUSE);
        EXPECT_EQ(std::string(error.what()).find("listen on '" + m_unix + "': a process listens there, or is about to"),
                  0u)
            << error.what();
    }
    EXPECT_EQ(ErrorOf([&] { (void)listen("unix:/no/such/directory/socket"); }),
              "listen on 'unix:/no/such/directory/socket': No such file or directory");
    EXPECT_EQ(connect(m_unix)->add(1, 2), 3);
}

TEST_F(ListenAddressTest, MakesTheFileWithTheModeThatIsAskedFor)
{
    for (const mode_t mode : {0600, 0660}) {
        const auto listener = listen(m_unix, {.mode = mode});
        struct stat status{};
        EXPECT_EQ(lstat(m_path.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, mode);
    }
}

TEST_F(ListenAddressTest, StopsWhileManyConnect)
{
    std::atomic<bool> ends{false};
    std::atomic<int> served{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            while (!ends) {
                // Nobody listens, or the connection was not accepted any more, or served.
                ErrorOf([&] {
                    const auto client = connect(m_unix);
                    EXPECT_EQ(client->add(1, 2), 3);
                    ++served;
                });
                std::this_thread::yield();
            }
        });
    }
    for (int round = 0; round < 50; ++round) {
        const int before = served;
        const auto listener = listen(m_unix);
        while (served == before) std::this_thread::yield();
    }
    ends = true;
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(m_dir.names(), std::set<std::string>{});
}

class Authorise : public AddressTest
{
};

TEST_F(Authorise, IsToldWhoConnects)
{
    std::vector<PeerCredentials> seen;
    const ListenOptions options{.authorise = [&](const PeerCredentials& peer) {
        EXPECT_TRUE(m_server.loop().isLoopThread());
        seen.push_back(peer);
    }};
    for (const std::string& address : addresses()) {
        const auto listener = listen(address, options);
        EXPECT_EQ(connect(listener->address())->add(1, 2), 3);
    }
    const PeerCredentials self{.pid = getpid(), .uid = getuid(), .gid = getgid()};
    EXPECT_EQ(seen, (std::vector<PeerCredentials>{self, self, {}}));
}

TEST_F(Authorise, RefusesWithItsText)
{
    std::atomic<bool> allowed{false};
    const auto listener = listen(m_unix, {.authorise = [&](const PeerCredentials& peer) {
                                     if (!allowed) throw std::runtime_error("no user " + std::to_string(*peer.uid));
                                 }});
    const std::string text = "no user " + std::to_string(getuid());
    EXPECT_NE(ErrorOf([&] { connect(m_unix); }).find(text), std::string::npos);
    for (const Logs* logs : {&m_server_logs, &m_client_logs}) {
        ASSERT_TRUE(logs->waitFor("IPC connection failed: ")) << logs->all();
        EXPECT_TRUE(logs->has(Log::Warning, text)) << logs->all();
    }
    allowed = true;
    EXPECT_EQ(connect(m_unix)->add(1, 2), 3);
}

TEST_F(Authorise, ServesNothingBefore)
{
    const auto listener = listen(m_unix, {.authorise = [](const PeerCredentials&) { throw std::runtime_error("no"); }});
    std::thread foreign([&] {
        capnp::EzRpcClient client(m_unix);
        auto request = client.getMain<messages::Service>().narrowRequest();
        auto sent = request.send();
        EXPECT_ANY_THROW(sent.wait(client.getWaitScope()));
    });
    foreign.join();
    EXPECT_TRUE(m_server_logs.waitFor("IPC server: socket disconnected."));
    EXPECT_FALSE(m_impl.narrowed);
}

TEST_F(Authorise, GivesThePlaceOfThoseRefusedBack)
{
    int calls = 0;
    const auto listener = listen(m_unix, {.max_connections = 1, .authorise = [&](const PeerCredentials&) {
                                              if (++calls < 10) throw std::runtime_error("no");
                                          }});
    for (int i = 0; i < 9; ++i) EXPECT_ANY_THROW(connect(m_unix));
    EXPECT_EQ(connect(m_unix)->add(1, 2), 3);
}

TEST_F(Authorise, HoldsForSocketsThatAreHandedIn)
{
    mp_listener* made = nullptr;
    ASSERT_EQ(mp_listener_new(m_unix.c_str(), nullptr, &made, nullptr), 0);
    ListenConnections<messages::Service>(
        m_server.loop(), dup(mp_listener_socket(made)), m_impl,
        ListenOptions{.authorise = [](const PeerCredentials&) { throw std::runtime_error("not you"); }});
    EXPECT_NE(ErrorOf([&] { connect(m_unix); }).find("not you"), std::string::npos);
    mp_listener_close(made);
}

TEST_F(Authorise, CredentialsAreToldOnBothSides)
{
    const PeerCredentials self{.pid = getpid(), .uid = getuid(), .gid = getgid()};
    for (const std::string& address : addresses()) {
        const PeerCredentials expected = address.rfind("tcp:", 0) == 0 ? PeerCredentials{} : self;
        const auto listener = listen(address);
        const auto client = connect(listener->address());
        EXPECT_EQ(client->add(1, 2), 3);
        PeerCredentials of_client, of_server;
        m_server.loop().sync([&] { of_client = m_server.loop().m_incoming_connections.front().credentials(); });
        m_client.loop().sync([&] { of_server = client->m_context.connection->credentials(); });
        EXPECT_EQ(of_client, expected);
        EXPECT_EQ(of_server, expected);
    }
}

class ConnectAddressTest : public AddressTest
{
};

TEST_F(ConnectAddressTest, SaysWhyNot)
{
    EXPECT_EQ(ErrorOf([&] { connect(m_unix); }), "connect to '" + m_unix + "': No such file or directory");
    EXPECT_EQ(ErrorOf([&] { connect("tls:host:1"); }).find("connect to 'tls:host:1': TLS needs certificates"), 0u);
    EXPECT_EQ(ErrorOf([&] { connect("nothing"); }).find("connect to 'nothing': neither unix:"), 0u);
}

TEST_F(ConnectAddressTest, GivesUpAtItsLimit)
{
    const auto listener = listen(m_unix, {.max_connections = 0, .backlog = 1});
    std::vector<SocketId> waiting;
    const std::string error = ErrorOf([&] {
        for (;;) waiting.push_back(detail::ConnectSocket(m_unix, std::chrono::milliseconds(0)));
    });
    EXPECT_NE(error.find("connect to '" + m_unix + "': Timed out"), std::string::npos) << error;
    EXPECT_NE(ErrorOf([&] {
                  (void)ConnectAddress<messages::Service>(m_client.loop(), m_unix, std::chrono::milliseconds(20));
              }).find("connect to"),
              std::string::npos);
    for (const SocketId socket : waiting) CloseSocket(socket);
}

TEST_F(ConnectAddressTest, LeavesNothingIfTheServerIsGoneBeforeItAnswers)
{
    mp_listener* listener = nullptr;
    ASSERT_EQ(mp_listener_new(m_unix.c_str(), nullptr, &listener, nullptr), 0);
    std::thread closer([&] {
        const SocketId accepted = accept(mp_listener_socket(listener), nullptr, nullptr);
        CloseSocket(accepted);
    });
    EXPECT_ANY_THROW(connect(m_unix));
    closer.join();
    mp_listener_close(listener);
}

} // namespace
} // namespace mp::test
