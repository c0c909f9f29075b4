// What the two sides of a connection tell each other of themselves.
#include <algorithm>
#include <capnp/serialize.h>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

#include <mp/c/version.h>
#include <rpc/support/errors.h>
#include <rpc/support/foreign-clients.h>
#include <rpc/support/raw-peer.h>
#include <rpc/support/signal.h>

namespace mp::test {
namespace {

//! What the check of one side was told, and what it says to it.
class Check
{
public:
    explicit Check(std::string refusal = "") : m_refusal(std::move(refusal)) {}

    //! Owning the loop.
    PeerCheck fn()
    {
        return [this](const PeerInfo& peer) {
            m_peer = peer;
            m_called.set();
            if (!m_refusal.empty()) throw std::runtime_error(m_refusal);
        };
    }
    PeerInfo peer()
    {
        EXPECT_TRUE(m_called.wait());
        return m_peer;
    }

private:
    const std::string m_refusal;
    PeerInfo m_peer;
    Signal m_called;
};

//! Two sides with versions and checks.
class Hellos : public testing::Test
{
protected:
    void prepare(Check& client, Check& server)
    {
        m_client.loop().sync([&] { m_client.loop().setAppVersion(7, client.fn()); });
        m_server.loop().sync([&] { m_server.loop().setAppVersion(8, server.fn()); });
    }
    void connect()
    {
        const auto sockets = SocketPair();
        EventLoop& loop = m_server.loop();
        loop.sync([&] { ServeStream<messages::Service>(loop, MakeStream(loop, sockets[0]), m_impl); });
        m_service = ConnectStream<messages::Service>(m_client.loop(), MakeStream(m_client.loop(), sockets[1]));
    }
    //! How the calls end, one after the other, until one fails.
    std::string errorOfCalls()
    {
        for (int i = 0; i < 100'000; ++i) {
            const std::string error = ErrorOf([&] { m_service->add(1, 2); });
            if (error != "no exception") return error;
        }
        return "no exception";
    }

    ServiceImpl m_impl;
    Logs m_client_logs;
    Logs m_server_logs;
    LoopThread m_client{m_client_logs.options()};
    LoopThread m_server{m_server_logs.options()};
    std::unique_ptr<ServiceClient> m_service;
};

TEST_F(Hellos, TellWhoThePeerIs)
{
    Check client;
    Check server;
    prepare(client, server);
    connect();
    const PeerInfo peers[2] = {client.peer(), server.peer()};
    for (const PeerInfo& peer : peers) {
        EXPECT_EQ(peer.name, m_client.loop().m_exe_name);
        EXPECT_EQ(peer.version,
                  uint32_t{MP_C_VERSION_MAJOR * 1'000'000 + MP_C_VERSION_MINOR * 1'000 + MP_C_VERSION_PATCH});
    }
    EXPECT_EQ(peers[0].app_version, 8u);
    EXPECT_EQ(peers[1].app_version, 7u);
    m_server.loop().sync([&] {
        const auto& info = m_server.loop().m_incoming_connections.front().peerInfo();
        ASSERT_TRUE(info.has_value());
        EXPECT_EQ(info->app_version, 7u);
    });
    m_client.loop().sync([&] {
        const auto& info = m_service->m_context.connection->peerInfo();
        ASSERT_TRUE(info.has_value());
        EXPECT_EQ(info->app_version, 8u);
    });
    EXPECT_EQ(m_service->addOnWorker(1, 2), 3);
}

TEST_F(Hellos, MayBeRefusedByTheServer)
{
    Check client;
    Check server("too old: version 7, this server needs 8");
    prepare(client, server);
    connect();
    const std::string error = errorOfCalls();
    // No call may have been in progress.
    EXPECT_TRUE(error == AFTER || error.find("failed: remote exception: IPC connection ended: too old: version 7, this "
                                             "server needs 8") != std::string::npos)
        << error;
    EXPECT_TRUE(m_server_logs.waitFor("IPC connection failed: too old: version 7"));
    EXPECT_TRUE(m_client_logs.waitFor("IPC connection failed: remote exception: IPC connection ended: too old"));
    // Nothing is left of it on the server's side.
    EXPECT_TRUE(m_server_logs.waitFor("IPC server: socket disconnected."));
}

TEST_F(Hellos, MayBeRefusedByTheClient)
{
    Check client("too new");
    Check server;
    prepare(client, server);
    connect();
    const std::string error = errorOfCalls();
    // No call may have been in progress.
    EXPECT_TRUE(error == AFTER || error.find("failed: IPC connection ended: too new") != std::string::npos) << error;
    EXPECT_TRUE(m_client_logs.waitFor("IPC connection failed: too new"));
    EXPECT_TRUE(m_server_logs.waitFor("IPC connection failed: remote exception: IPC connection ended: too new"));
    EXPECT_TRUE(m_server_logs.waitFor("IPC server: socket disconnected."));
}

TEST_F(Hellos, LetTheApplicationCloseTheConnection)
{
    Signal closed;
    m_server.loop().sync([&] {
        m_server.loop().setAppVersion(1, [&](const PeerInfo&) {
            m_server.loop().m_incoming_connections.clear();
            closed.set();
            throw std::runtime_error("refused what is gone");
        });
    });
    connect();
    EXPECT_TRUE(closed.wait());
    EXPECT_TRUE(SucceededOrDisconnected(errorOfCalls()));
}

//! Kinds of the messages in what a server sent.
std::vector<capnp::rpc::Message::Which> KindsOf(const Bytes& bytes)
{
    std::vector<capnp::rpc::Message::Which> kinds;
    auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
    memcpy(words.asBytes().begin(), bytes.data(), bytes.size());
    for (kj::ArrayPtr<const capnp::word> rest = words; rest.size() > 0;) {
        capnp::FlatArrayMessageReader reader(rest);
        const auto message = reader.getRoot<capnp::rpc::Message>();
        if (message.isCall()) {
            EXPECT_EQ(message.getCall().getInterfaceId(), capnp::typeId<Hello>());
        }
        kinds.push_back(message.which());
        rest = kj::arrayPtr(reader.getEnd(), rest.end());
    }
    return kinds;
}

//! What a server sends to a peer that constructs twice, and gives a ThreadMap or not.
std::vector<capnp::rpc::Message::Which> AnswersToConstruct(bool with_thread_map)
{
    RawPeer peer;
    peer.send(Bootstrap());
    for (uint32_t question = 1; question < 3; ++question) {
        capnp::MallocMessageBuilder message;
        auto payload = InitCall(message, question, 0).initParams();
        capnp::BuilderCapabilityTable table;
        auto params = table.imbue(payload.getContent()).initAs<messages::Service::ConstructParams>();
        if (with_thread_map) {
            params.setThreadMap(ThreadMap::Client(capnp::newBrokenCap("only its number is sent")));
            payload.initCapTable(1)[0].setSenderHosted(question);
        }
        peer.send(FromMessage(message));
    }
    peer.shutdownWrite();
    auto kinds = KindsOf(peer.readAll());
    peer.expectClosed();
    // What an RpcSystem says when it is destroyed.
    if (!kinds.empty() && kinds.back() == capnp::rpc::Message::ABORT) kinds.pop_back();
    return kinds;
}

TEST(Hello, IsOneMessageForAPeerThatGivesAThreadMapAndNoneForOthers)
{
    using enum capnp::rpc::Message::Which;
    EXPECT_EQ(AnswersToConstruct(/* with_thread_map= */ false), (std::vector{RETURN, RETURN, RETURN}));
    auto kinds = AnswersToConstruct(/* with_thread_map= */ true);
    EXPECT_EQ(std::erase(kinds, CALL), 1u);
    EXPECT_LE(std::erase(kinds, RELEASE), 1u); // of the first ThreadMap
    EXPECT_EQ(kinds, (std::vector{RETURN, RETURN, RETURN}));
}

//! What a peer's library without hellos makes.
class PlainThreadMap : public ThreadMap::Server
{
};

//! Answers hellos, with a long name.
class GreetingThreadMap final : public PlainThreadMap, public Hello::Server
{
    kj::Promise<void> hello(HelloContext context) override
    {
        EXPECT_EQ(context.getParams().getSelf().getAppVersion(), 4u);
        auto self = context.getResults().initSelf();
        memset(self.initName(100'000).begin(), 'x', 100'000);
        self.setAppVersion(3);
        return kj::READY_NOW;
    }
    DispatchCallResult dispatchCall(uint64_t interface_id, uint16_t method_id,
                                    capnp::CallContext<capnp::AnyPointer, capnp::AnyPointer> context) override
    {
        return Hello::Server::dispatchCall(interface_id, method_id, context);
    }
};

class ForeignHellos : public ForeignClients
{
protected:
    void SetUp() override
    {
        m_server.loop().sync([&] { m_server.loop().setAppVersion(4, m_check.fn()); });
    }
    //! On the server's side.
    std::optional<PeerInfo> peerInfo()
    {
        std::optional<PeerInfo> info;
        EventLoop& loop = m_server.loop();
        loop.sync([&] { info = loop.m_incoming_connections.front().peerInfo(); });
        return info;
    }

    Check m_check;
};

TEST_F(ForeignHellos, AreNotMissed)
{
    run([&](auto& io, ServicePtr service) {
        auto request = service.constructRequest();
        request.setThreadMap(kj::heap<PlainThreadMap>());
        request.send().wait(io.waitScope);
        auto add = service.addRequest();
        add.setA(2);
        // The hello was answered before.
        EXPECT_EQ(add.send().wait(io.waitScope).getResult(), 2);
        EXPECT_FALSE(peerInfo().has_value());
    });
}

TEST_F(ForeignHellos, AreRead)
{
    run([&](auto& io, ServicePtr service) {
        auto request = service.constructRequest();
        request.setThreadMap(kj::heap<GreetingThreadMap>());
        request.send().wait(io.waitScope);
        for (int i = 0; i < 1000 && !peerInfo(); ++i) service.addRequest().send().wait(io.waitScope);
        const PeerInfo peer = m_check.peer();
        EXPECT_EQ(peer.name, std::string(256, 'x'));
        EXPECT_EQ(peer.app_version, 3u);
        EXPECT_EQ(peer.version, 0u);
    });
}

TEST_F(ForeignHellos, CountOnce)
{
    run([&](auto& io, ServicePtr service) {
        auto hello = threadMapOf(io, service).template castAs<Hello>();
        for (uint64_t version = 1; version < 4; ++version) {
            auto request = hello.helloRequest();
            request.initSelf().setAppVersion(version);
            EXPECT_EQ(request.send().wait(io.waitScope).getSelf().getAppVersion(), 4u);
        }
        EXPECT_EQ(m_check.peer().app_version, 1u);
        EXPECT_EQ(peerInfo()->app_version, 1u);
        // Not another one, now that the peer is known.
        auto request = service.constructRequest();
        request.setThreadMap(kj::heap<GreetingThreadMap>());
        request.send().wait(io.waitScope);
        EXPECT_EQ(peerInfo()->app_version, 1u);
    });
}

TEST_F(ForeignHellos, MayBeRefused)
{
    m_server.loop().sync([&] {
        m_server.loop().setAppVersion(4, [](const PeerInfo&) { throw std::runtime_error("no foreigners"); });
    });
    run([&](auto& io, ServicePtr service) {
        auto hello = threadMapOf(io, service).template castAs<Hello>();
        const auto error = kj::runCatchingExceptions([&] {
            for (int i = 0; i < 1000; ++i) hello.helloRequest().send().wait(io.waitScope);
        });
        KJ_IF_MAYBE (e, error) {
            EXPECT_EQ(std::string(e->getDescription().cStr()), "remote exception: IPC connection ended: no foreigners");
        } else {
            ADD_FAILURE() << "no exception";
        }
    });
}

} // namespace
} // namespace mp::test
