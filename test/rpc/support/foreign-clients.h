// Clients made with nothing but Cap'n Proto, and a server of ours.
#ifndef MP_TEST_RPC_SUPPORT_FOREIGN_CLIENTS_H
#define MP_TEST_RPC_SUPPORT_FOREIGN_CLIENTS_H

#include <gtest/gtest.h>
#include <rpc/support/foreign.h>
#include <rpc/support/session.h>

namespace mp::test {

using ServicePtr = messages::Service::Client;

//! A server of ours, and the socket by which a foreign client reaches it.
class ForeignClients : public testing::Test
{
protected:
    SocketId dial()
    {
        const auto sockets = SocketPair();
        EventLoop& loop = m_server.loop();
        loop.sync([&] { ServeStream<messages::Service>(loop, MakeStream(loop, sockets[0]), m_impl); });
        return sockets[1];
    }
    void run(ForeignClient::Fn fn) { ForeignClient(dial(), std::move(fn)).join(); }

    //! Description of the failure of a promise.
    template <typename Promise>
    static std::string errorOf(kj::AsyncIoContext& io, Promise&& promise)
    {
        const auto error = kj::runCatchingExceptions([&] { promise.wait(io.waitScope); });
        KJ_IF_MAYBE (e, error) {
            return std::string(kj::str(e->getType()).cStr()) + ": " + e->getDescription().cStr();
        }
        return "no exception";
    }
    static ThreadMap::Client threadMapOf(kj::AsyncIoContext& io, ServicePtr& service)
    {
        return service.constructRequest().send().wait(io.waitScope).getThreadMap();
    }
    static auto runRequest(ServicePtr& service, const std::string& what)
    {
        auto request = service.runRequest();
        request.setWhat(what);
        return request;
    }

    ServiceImpl m_impl;
    Logs m_logs;
    LoopThread m_server{m_logs.options()};
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_FOREIGN_CLIENTS_H
