// One side of a watched call, killed at a step of it: mp_test_peer client|server KIND STEP CONNECT-INFO
#include <csignal>
#include <rpc/support/call-sides.h>
#include <unistd.h>

namespace mp::test {
namespace {

//! No step was reached where this process should have ended.
constexpr int SURVIVED = 3;

void KillThisProcess() { raise(SIGKILL); }

int RunClient(Kind kind, Step step, SocketId socket)
{
    Logs logs;
    StepWatch watch(kind, step, KillThisProcess);
    LoopThread thread(LogOptions{.log_fn = watch.log(logs.fn())});
    Caller caller(kind, watch, thread.loop());
    if (kind == Kind::Accept) {
        Address address;
        if (recv(socket, &address, sizeof(address), MSG_WAITALL) != sizeof(address)) return SURVIVED;
        caller.prepare(address.dial());
    } else {
        caller.prepare(socket);
    }
    caller.call();
    // The server may still have to reach the step, and then kills this process.
    pause();
    return SURVIVED;
}

int RunServer(Kind kind, Step step, SocketId socket)
{
    Logs logs;
    StepWatch watch(kind, step, KillThisProcess);
    LoopThread thread(LogOptions{.log_fn = watch.log(logs.fn())});
    Callee callee(kind, watch, thread.loop());
    if (kind == Kind::Accept) {
        // Its address goes over the socket, and tells the client that it may connect.
        Address address;
        callee.serve(address.listen());
        if (write(socket, &address, sizeof(address)) != sizeof(address)) return SURVIVED;
    } else {
        callee.serve(socket);
    }
    pause();
    return SURVIVED;
}

} // namespace
} // namespace mp::test

int main(int argc, char** argv)
{
    using namespace mp::test;
    if (argc != 5) return 2;
    // Not for ever, whatever happens to the parent.
    alarm(120);
    const Kind kind = KindOf(argv[2]);
    const Step step = StepOf(argv[3]);
    const mp::SocketId socket = mp::StartSpawned(argv[4]);
    return std::string(argv[1]) == "client" ? RunClient(kind, step, socket) : RunServer(kind, step, socket);
}
