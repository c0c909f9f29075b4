// A client and a server of one watched call, in one process or in two.
#ifndef MP_TEST_RPC_SUPPORT_CALL_SIDES_H
#define MP_TEST_RPC_SUPPORT_CALL_SIDES_H

#include <future>
#include <mp/call-scope.h>
#include <rpc/support/address.h>
#include <rpc/support/call-steps.h>
#include <rpc/support/session.h>

namespace mp::test {

//! Makes the call.
class Caller
{
public:
    Caller(Kind kind, StepWatch& watch, EventLoop& loop) : m_kind(kind), m_watch(watch), m_loop(loop) {}
    ~Caller();

    //! Connect, and do what comes before the call. Watch it from then on, on both sides.
    void prepare(SocketId socket);
    //! Make the call. @return "no exception", or what it failed with
    std::string call();
    //! Close the connection. Any thread.
    void disconnect();
    //! Any thread.
    std::shared_future<bool> drain(std::chrono::nanoseconds timeout);
    //! Whether calls go on as ever. After call(), if that didn't make the client.
    bool isWell() { return m_client->add(1, 2) == 3; }

    //! What bounds the call.
    std::optional<CancelToken> token;
    std::optional<CallScope::Clock::time_point> deadline;

private:
    template <typename Fn>
    std::string callBounded(Fn fn);
    void construct();
    std::string callFromPool();
    std::string destroy();

    const Kind m_kind;
    StepWatch& m_watch;
    EventLoop& m_loop;
    std::unique_ptr<Connection> m_connection;
    std::optional<messages::Service::Client> m_bootstrap;
    std::unique_ptr<ServiceClient> m_client;
    std::unique_ptr<Account> m_account;
};

//! Serves it.
class Callee
{
public:
    Callee(Kind kind, StepWatch& watch, EventLoop& loop);
    ~Callee();

    //! Serve one end of a socket pair, or what connects to a listening socket.
    void serve(SocketId socket);
    //! Close the connections. Any thread.
    void disconnect();
    //! Any thread.
    std::vector<std::shared_future<bool>> drain(std::chrono::nanoseconds timeout);

private:
    const Kind m_kind;
    EventLoop& m_loop;
    ServiceImpl m_impl;
};

//! What the caller may be told when the connection goes during the call.
bool IsFailureOfDisconnect(Kind kind, const std::string& error);

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_CALL_SIDES_H
