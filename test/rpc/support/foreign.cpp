#include <rpc/support/foreign.h>

#include <capnp/rpc-twoparty.h>
#include <gtest/gtest.h>
#include <kj/debug.h>
#include <unistd.h>

namespace mp::test {

ForeignClient::ForeignClient(SocketId socket, Fn fn)
{
    m_thread = std::thread([socket, fn = std::move(fn)] {
        auto io = kj::setupAsyncIo();
        auto stream = io.lowLevelProvider->wrapSocketFd(socket, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        const auto error = kj::runCatchingExceptions([&] {
            capnp::TwoPartyClient client(*stream);
            fn(io, client.bootstrap().castAs<messages::Service>());
        });
        KJ_IF_MAYBE (e, error) {
            ADD_FAILURE() << "in a foreign client: " << kj::str(*e).cStr();
        }
    });
}

ForeignServer::ForeignServer(SocketId socket, std::function<kj::Own<messages::Service::Server>()> make)
{
    const auto pair = SocketPair();
    m_stop[0] = pair[0];
    m_stop[1] = pair[1];
    m_thread = std::thread([this, socket, make = std::move(make)] {
        auto io = kj::setupAsyncIo();
        auto stop = io.lowLevelProvider->wrapSocketFd(m_stop[0], kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        auto stream = io.lowLevelProvider->wrapSocketFd(socket, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        capnp::TwoPartyVatNetwork network(*stream, capnp::rpc::twoparty::Side::SERVER);
        auto rpc = capnp::makeRpcServer(network, messages::Service::Client(make()));
        char byte;
        network.onDisconnect()
            .exclusiveJoin(stop->tryRead(&byte, 1, 1).then([](size_t) {}))
            .wait(io.waitScope);
    });
}

ForeignServer::~ForeignServer()
{
    m_thread.join();
    close(m_stop[1]);
}

void ForeignServer::stop() { EXPECT_EQ(write(m_stop[1], "x", 1), 1); }

} // namespace mp::test
