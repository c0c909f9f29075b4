// A connection that goes at each step of a call's life: closed by either side, or with either process.
#include <rpc/support/call-sides.h>

#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mp::test {
namespace {

enum class How { ServerCloses, ClientCloses, ServerIsKilled, ClientIsKilled };

const char* NameOf(How how)
{
    switch (how) {
    case How::ServerCloses: return "ServerCloses";
    case How::ClientCloses: return "ClientCloses";
    case How::ServerIsKilled: return "ServerIsKilled";
    case How::ClientIsKilled: return "ClientIsKilled";
    }
    return "";
}

class CallSteps : public testing::TestWithParam<std::tuple<Kind, How>>
{
protected:
    Kind kind() const { return std::get<Kind>(GetParam()); }
    How how() const { return std::get<How>(GetParam()); }

    void closeAt(Step step, Loops loops);
    void killServerAt(Step step);
    void killClientAt(Step step);

    //! Start the peer, which dies at a step that it reaches itself.
    std::tuple<ProcessId, SocketId> startPeer(const char* side, Step step)
    {
        return SpawnProcess([&](const SpawnConnectInfo& info) {
            return std::vector<std::string>{MP_TEST_PEER, side, NameOf(kind()), NameOf(step), info};
        });
    }
    static void expectKilled(ProcessId pid)
    {
        const int status = WaitProcess(pid);
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    }
    static void expectQuiet(const Logs& logs)
    {
        EXPECT_FALSE(logs.has("Uncaught exception")) << logs.all();
    }
};

INSTANTIATE_TEST_SUITE_P(
    All, CallSteps,
    testing::Combine(testing::Values(Kind::LoopMethod, Kind::WorkerMethod, Kind::NestedCallback, Kind::PoolMethod,
                                     Kind::Construct, Kind::Destroy, Kind::Accept),
                     testing::Values(How::ServerCloses, How::ClientCloses, How::ServerIsKilled, How::ClientIsKilled)),
    [](const auto& info) { return std::string(NameOf(std::get<Kind>(info.param))) + NameOf(std::get<How>(info.param)); });

void CallSteps::closeAt(Step step, Loops loops)
{
    Logs client_logs;
    Logs server_logs;
    Signal moment;
    Signal about;
    StepWatch watch(kind(), step, [&] {
        moment.set();
        EXPECT_TRUE(about.wait());
    });
    LoopThread client_thread(LogOptions{.log_fn = watch.log(client_logs.fn())});
    std::optional<LoopThread> server_thread;
    if (loops == Loops::Two) server_thread.emplace(LogOptions{.log_fn = watch.log(server_logs.fn())});
    Callee callee(kind(), watch, server_thread ? server_thread->loop() : client_thread.loop());
    Caller caller(kind(), watch, client_thread.loop());
    std::thread breaker([&] {
        EXPECT_TRUE(moment.wait());
        about.set();
        if (how() == How::ServerCloses) {
            callee.disconnect();
        } else {
            caller.disconnect();
        }
    });
    if (kind() == Kind::Accept) {
        Address address;
        callee.serve(address.listen());
        caller.prepare(address.dial());
    } else {
        const auto sockets = SocketPair();
        callee.serve(sockets[0]);
        caller.prepare(sockets[1]);
    }
    const std::string error = caller.call();
    EXPECT_TRUE(IsFailureOfDisconnect(kind(), error)) << error;
    breaker.join();
    EXPECT_TRUE(watch.reached());
    expectQuiet(client_logs);
    expectQuiet(server_logs);
}

void CallSteps::killServerAt(Step step)
{
    const auto [pid, socket] = startPeer("server", step);
    Logs logs;
    StepWatch watch(kind(), step, [pid = pid] { kill(pid, SIGKILL); });
    LoopThread thread(LogOptions{.log_fn = watch.log(logs.fn())});
    {
        Caller caller(kind(), watch, thread.loop());
        if (kind() == Kind::Accept) {
            Address address;
            EXPECT_EQ(recv(socket, &address, sizeof(address), MSG_WAITALL), static_cast<ssize_t>(sizeof(address)));
            caller.prepare(address.dial());
        } else {
            caller.prepare(socket);
        }
        const std::string error = caller.call();
        EXPECT_TRUE(IsFailureOfDisconnect(kind(), error)) << error;
        expectKilled(pid);
    }
    if (kind() == Kind::Accept) CloseSocket(socket);
    expectQuiet(logs);
}

void CallSteps::killClientAt(Step step)
{
    const auto [pid, socket] = startPeer("client", step);
    Logs logs;
    StepWatch watch(kind(), step, [pid = pid] { kill(pid, SIGKILL); });
    LoopThread thread(LogOptions{.log_fn = watch.log(logs.fn())});
    Callee callee(kind(), watch, thread.loop());
    if (kind() == Kind::Accept) {
        Address address;
        callee.serve(address.listen());
        EXPECT_EQ(write(socket, &address, sizeof(address)), static_cast<ssize_t>(sizeof(address)));
    } else {
        callee.serve(socket);
    }
    expectKilled(pid);
    EXPECT_TRUE(logs.waitFor("IPC server: socket disconnected."));
    thread.loop().waitForMethods();
    thread.loop().sync([&] { EXPECT_TRUE(thread.loop().m_incoming_connections.empty()); });
    if (kind() == Kind::Accept) CloseSocket(socket);
    expectQuiet(logs);
}

TEST_P(CallSteps, EndACallWithItsConnection)
{
    for (const Step step : StepsOf(kind())) {
        SCOPED_TRACE(NameOf(step));
        switch (how()) {
        case How::ClientCloses:
            // It has not called anything yet.
            if (step == Step::Accepted) break;
            [[fallthrough]];
        case How::ServerCloses:
            closeAt(step, Loops::Two);
            closeAt(step, Loops::One);
            break;
        case How::ServerIsKilled: killServerAt(step); break;
        case How::ClientIsKilled: killClientAt(step); break;
        }
    }
}

} // namespace
} // namespace mp::test
