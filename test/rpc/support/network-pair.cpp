#include <rpc/support/network-pair.h>

#include <mp/rpc/reactor.h>

namespace mp::test {

kj::Promise<void> PlainImpl::echo(EchoContext context)
{
    ++calls;
    context.getResults().setBytes(context.getParams().getBytes());
    return kj::READY_NOW;
}

namespace {
class Child final : public plain::Plain::Server
{
public:
    explicit Child(int& count) : m_count(count) { ++m_count; }
    ~Child() noexcept(false) { --m_count; }

private:
    int& m_count;
};
} // namespace

kj::Promise<void> PlainImpl::make(MakeContext context)
{
    context.getResults().setChild(kj::heap<Child>(children));
    return kj::READY_NOW;
}

kj::Promise<void> PlainImpl::push(PushContext context)
{
    pushed += context.getParams().getBytes().size();
    return kj::READY_NOW;
}

kj::Promise<void> PlainImpl::hold(HoldContext context)
{
    (void)context;
    auto paf = kj::newPromiseAndFulfiller<void>();
    held.add(kj::mv(paf.fulfiller));
    return kj::mv(paf.promise);
}

NetworkPair::NetworkPair(Transport transport, const Limits& client_limits, const Limits& server_limits)
    : loop("mptest", logs.fn())
{
    auto pipe = transport == Transport::Socket ? loop.m_io_context.provider->newTwoWayPipe() : kj::newTwoWayPipe();
    using capnp::rpc::twoparty::Side;
    Reactor& reactor = ReactorOf(loop);
    server_network = std::make_unique<MessageNetwork>(reactor, kj::mv(pipe.ends[0]), Side::SERVER, server_limits);
    client_network = std::make_unique<MessageNetwork>(reactor, kj::mv(pipe.ends[1]), Side::CLIENT, client_limits);
    auto object = kj::heap<PlainImpl>();
    impl = object;
    server.emplace(capnp::makeRpcServer(*server_network, plain::Plain::Client(kj::mv(object))));
    client.emplace(capnp::makeRpcServer(*client_network, plain::Plain::Client(kj::heap<PlainImpl>())));
    ServerVatId vat_id;
    remote = client->bootstrap(vat_id.vat_id).castAs<plain::Plain>();
}

NetworkPair::~NetworkPair()
{
    dropClient();
    dropServer();
}

void NetworkPair::dropClient()
{
    remote = nullptr;
    client.reset();
    client_network.reset();
}

void NetworkPair::dropServer()
{
    server.reset();
    server_network.reset();
}

} // namespace mp::test
