// A child for the tests of what starts and watches children: mp_test_worker MODE CONNECT-INFO
#include <atomic>
#include <csignal>
#include <cstdio>
#include <mp/proxy-io.h>
#include <rpc/support/logs.h>
#include <rpc/support/service-impl.h>
#include <rpc/support/service.capnp.h>
#include <rpc/support/service.capnp.proxy.h>
#include <unistd.h>

namespace mp::test {
namespace {

//! Also without a parent.
std::atomic<bool> g_stays{false};

template <typename Interface, typename Impl>
int Serve(SocketId socket, Impl& impl)
{
    Logs logs;
    EventLoop loop("worker", logs.fn());
    ServeStream<Interface>(loop, MakeStream(loop, socket), impl);
    loop.loop();
    if (g_stays) pause();
    return 0;
}

//! What Service::run does.
std::string Run(const std::string& what)
{
    if (what == "pid") return std::to_string(getpid());
    if (what == "parent") return std::to_string(getppid());
    if (what == "die") raise(SIGKILL);
    if (what == "fail") _exit(3);
    if (what == "end") _exit(0);
    if (what == "hold") pause();
    if (what == "stay") g_stays = true;
    if (what == "ignore") signal(SIGTERM, SIG_IGN);
    if (what == "refuse") {
        signal(SIGTERM, [](int) {
            constexpr char TEXT[] = "not yet\n";
            if (write(STDERR_FILENO, TEXT, sizeof(TEXT) - 1) < 0) _exit(1);
        });
    }
    if (what == "share" && fork() == 0) {
        char byte;
        _exit(static_cast<int>(read(3, &byte, 1)));
    }
    if (what == "print") {
        std::fprintf(stderr, "last words");
        std::fflush(stderr);
    }
    return what;
}

} // namespace
} // namespace mp::test

int main(int argc, char** argv)
{
    using namespace mp::test;
    if (argc != 3) return 2;
    // Not for ever, whatever happens to the parent.
    alarm(120);
    const std::string mode = argv[1];
    const mp::SocketId socket = mp::StartSpawned(argv[2]);
    if (mode == "serve") {
        ServiceImpl impl;
        impl.on_run = Run;
        return Serve<messages::Service>(socket, impl);
    }
    if (mode == "serve-other") {
        Counter counter(nullptr);
        return Serve<messages::Counter>(socket, counter);
    }
    if (mode == "leave") {
        sigset_t term;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        sigprocmask(SIG_BLOCK, &term, nullptr);
        std::fprintf(stderr, "starts\n");
        int number;
        sigwait(&term, &number);
        mp::CloseSocket(socket);
        // Has still something to do.
        sleep(2);
        return 0;
    }
    if (mode == "close") mp::CloseSocket(socket);
    if (mode == "close" || mode == "mute") pause();
    return 2;
}
