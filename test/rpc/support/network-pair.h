// Two message networks that are each other's peer, with an RPC system on each, all on one loop that the test drives.
#ifndef MP_TEST_RPC_SUPPORT_NETWORK_PAIR_H
#define MP_TEST_RPC_SUPPORT_NETWORK_PAIR_H

#include <capnp/rpc-twoparty.h>
#include <mp/connection.h>
#include <mp/event-loop.h>
#include <mp/rpc/message-network.h>
#include <mp/rpc/runtime.h>
#include <rpc/support/logs.h>
#include <rpc/support/plain.capnp.h>

namespace mp::test {

//! What the networks lie on: our own stream over a socket, or KJ's pipe in memory.
enum class Transport { Socket, Memory };

//! Serves plain.capnp.
class PlainImpl final : public plain::Plain::Server
{
public:
    kj::Promise<void> echo(EchoContext context) override;
    kj::Promise<void> make(MakeContext context) override;
    kj::Promise<void> push(PushContext context) override;
    kj::Promise<void> hold(HoldContext context) override;

    int calls{0};
    size_t pushed{0};
    int children{0};
    kj::Vector<kj::Own<kj::PromiseFulfiller<void>>> held;
};

//! Each side serves an object to the other one.
class NetworkPair
{
public:
    explicit NetworkPair(Transport transport, const Limits& client_limits = {},
                         const Limits& server_limits = {});
    ~NetworkPair();

    kj::WaitScope& scope() { return loop.m_io_context.waitScope; }
    //! Destroy one side.
    void dropClient();
    void dropServer();

    Logs logs;
    EventLoop loop;
    //! Stays valid while the server lives.
    PlainImpl* impl;
    std::unique_ptr<MessageNetwork> server_network;
    std::optional<capnp::RpcSystem<capnp::rpc::twoparty::VatId>> server;
    std::unique_ptr<MessageNetwork> client_network;
    std::optional<capnp::RpcSystem<capnp::rpc::twoparty::VatId>> client;
    plain::Plain::Client remote{nullptr};
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_NETWORK_PAIR_H
