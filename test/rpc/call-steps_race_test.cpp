// What may end a call, at each step of its life: its caller, by a token or a deadline; its connection, closed or drained by
// either side; either process.
#include <rpc/support/call-sides.h>

#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mp::test {
namespace {

using namespace std::chrono_literals;

//! How long before its deadline a call is let go on, which then meets it.
constexpr auto SOON = 20us;

enum class How {
    Cancelled,
    Late,
    ServerDrains,
    ClientDrains,
    ServerCloses,
    ClientCloses,
    ServerIsKilled,
    ClientIsKilled,
};

const char* NameOf(How how)
{
    switch (how) {
    case How::Cancelled: return "Cancelled";
    case How::Late: return "Late";
    case How::ServerDrains: return "ServerDrains";
    case How::ClientDrains: return "ClientDrains";
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

    void endAt(Step step, Loops loops);
    bool mayFailWith(const std::string& error) const;
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
                     testing::Values(How::Cancelled, How::Late, How::ServerDrains, How::ClientDrains, How::ServerCloses,
                                     How::ClientCloses, How::ServerIsKilled, How::ClientIsKilled)),
    [](const auto& info) { return std::string(NameOf(std::get<Kind>(info.param))) + NameOf(std::get<How>(info.param)); });

bool CallSteps::mayFailWith(const std::string& error) const
{
    switch (how()) {
    case How::Cancelled: return error == "no exception" || error.ends_with(" was cancelled");
    case How::Late: return error == "no exception" || error.ends_with(" timed out");
    case How::ServerDrains:
    case How::ClientDrains:
        if (error.find("refused: the connection is being drained") != std::string::npos) return true;
        [[fallthrough]];
    default: return IsFailureOfDisconnect(kind(), error);
    }
}

void CallSteps::endAt(Step step, Loops loops)
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
    if (how() == How::Cancelled) caller.token.emplace();
    if (how() == How::Late) caller.deadline = std::chrono::steady_clock::now() + 20ms;
    std::vector<std::shared_future<bool>> drained;
    std::thread breaker([&] {
        if (how() == How::Late) {
            std::this_thread::sleep_until(*caller.deadline - SOON);
            about.set();
            return;
        }
        EXPECT_TRUE(moment.wait());
        about.set();
        switch (how()) {
        case How::Cancelled: caller.token->cancel(); break;
        case How::ServerDrains: drained = callee.drain(DEADLINE); break;
        case How::ClientDrains: drained.push_back(caller.drain(DEADLINE)); break;
        case How::ServerCloses: callee.disconnect(); break;
        default: caller.disconnect();
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
    EXPECT_TRUE(mayFailWith(error)) << error;
    breaker.join();
    for (const auto& ended : drained) ended.wait();
    const bool bounded = how() == How::Cancelled || how() == How::Late;
    const bool has_client = kind() != Kind::Construct && kind() != Kind::Accept;
    EXPECT_TRUE(!bounded || !has_client || caller.isWell());
    // Not every step is reached before a certain time.
    EXPECT_TRUE(watch.reached() || how() == How::Late);
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

TEST_P(CallSteps, EndACall)
{
    for (const Step step : StepsOf(kind())) {
        SCOPED_TRACE(NameOf(step));
        switch (how()) {
        case How::ClientCloses:
        case How::ClientDrains:
            // It has not called anything yet.
            if (step == Step::Accepted) break;
            [[fallthrough]];
        case How::ServerCloses:
        case How::ServerDrains:
        case How::Cancelled:
        case How::Late:
            endAt(step, Loops::Two);
            endAt(step, Loops::One);
            break;
        case How::ServerIsKilled: killServerAt(step); break;
        case How::ClientIsKilled: killClientAt(step); break;
        }
    }
}

} // namespace
} // namespace mp::test
