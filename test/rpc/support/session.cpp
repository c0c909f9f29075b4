#include <rpc/support/session.h>

namespace mp::test {
namespace {

//! Serve the object over one end of a socket pair. @return the other end
SocketId ServeOne(EventLoop& loop, ServiceImpl& impl)
{
    const auto sockets = SocketPair();
    loop.sync([&] { ServeStream<messages::Service>(loop, MakeStream(loop, sockets[0]), impl); });
    return sockets[1];
}

} // namespace

Session::Session(Loops loops, Log level) : m_client_thread(m_client_logs.options(level))
{
    if (loops == Loops::Two) m_server_thread.emplace(m_server_logs.options(level));
    const SocketId socket = ServeOne(serverLoop(), impl);
    EventLoop& loop = clientLoop();
    std::optional<messages::Service::Client> bootstrap;
    loop.sync([&] {
        connection = std::make_unique<Connection>(loop, MakeStream(loop, socket));
        ServerVatId server;
        bootstrap.emplace(connection->m_rpc_system->bootstrap(server.vat_id).castAs<messages::Service>());
    });
    client = std::make_unique<ServiceClient>(kj::mv(*bootstrap), connection.get(), /* destroy_connection= */ false);
}

Session::~Session()
{
    closeClient();
    releaseServer();
}

void Session::releaseServer()
{
    impl.drop();
    // A server's loop lives as long as it has a connection.
    if (m_server_thread) m_server_thread->release();
}

std::unique_ptr<ServiceClient> Session::connect()
{
    const SocketId socket = ServeOne(serverLoop(), impl);
    return ConnectStream<messages::Service>(clientLoop(), MakeStream(clientLoop(), socket));
}

void Session::disconnectServer()
{
    EventLoop& loop = serverLoop();
    loop.sync([&] { loop.m_incoming_connections.clear(); });
}

void Session::disconnectClient()
{
    clientLoop().sync([&] { connection.reset(); });
}

void Session::closeClient()
{
    client.reset();
    disconnectClient();
}

} // namespace mp::test
