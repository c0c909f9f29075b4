#include <support/forkserver.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>

namespace mp::test {
namespace {

int g_variable = 0;

int Number(const mp_forkserver_call* call)
{
    return std::atoi(static_cast<const char*>(call->payload));
}

void SendAll(int fd, const std::string& text)
{
    for (size_t done = 0; done < text.size();) {
        const ssize_t n = write(fd, text.data() + done, text.size() - done);
        if (n <= 0) return;
        done += static_cast<size_t>(n);
    }
}

int Exit(const mp_forkserver_call* call)
{
    return Number(call);
}

int Raise(const mp_forkserver_call* call)
{
    return raise(Number(call));
}

int Echo(const mp_forkserver_call* call)
{
    const std::string payload(static_cast<const char*>(call->payload), call->payload_size);
    const bool ends_with_nul = static_cast<const char*>(call->payload)[call->payload_size] == '\0';
    SendAll(call->socket, payload);
    return ends_with_nul ? 0 : 1;
}

int Report(const mp_forkserver_call* call)
{
    std::ostringstream out;
    out << "pid " << getpid() << "\nparent " << getppid() << "\nserver " << mp_forkserver_server_pid(call->server)
        << "\nsession " << getsid(0) << "\ngroup " << getpgid(0) << "\ndescriptors";
    for (const auto& [fd, target] : Descriptors()) out << " " << fd;
    sigset_t mask;
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, nullptr, &mask);
    struct sigaction action;
    long pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    out << "\npages " << pages << "\nblocked " << sigismember(&mask, SIGUSR1);
    sigaction(SIGUSR2, nullptr, &action);
    out << "\nignored " << (action.sa_handler == SIG_IGN);
    sigaction(SIGCHLD, nullptr, &action);
    out << "\nsigchld " << (action.sa_handler == SIG_DFL ? "default" : "other") << "\n";
    SendAll(call->socket, out.str());
    return 0;
}

int Hold(const mp_forkserver_call* call)
{
    char byte;
    while (Receive(call->socket, &byte, 1) > 0) {}
    return 0;
}

int Stubborn(const mp_forkserver_call* call)
{
    signal(SIGTERM, SIG_IGN);
    SendAll(call->socket, "x");
    return Hold(call);
}

int Family(const mp_forkserver_call* call)
{
    const pid_t child = fork();
    if (child == 0) {
        for (;;) pause();
    }
    SendAll(call->socket, std::to_string(child) + "\n");
    return Hold(call);
}

int Cat(const mp_forkserver_call* call)
{
    if (call->n_fds != 2) return 1;
    SendAll(call->fds[1], ReadAll(call->fds[0]));
    return 0;
}

int ForkAgain(const mp_forkserver_call* call)
{
    Forked forked;
    const std::string code(static_cast<const char*>(call->payload), call->payload_size);
    if (Fork(call->server, forked, "exit", code) < 0) return 99;
    mp_exit exit;
    if (mp_process_wait(forked.process.get(), DEADLINE_MS, &exit, nullptr) < 0) return 98;
    return exit.value;
}

int Stop(const mp_forkserver_call* call)
{
    Hold(call);
    return mp_forkserver_stop(call->server, -1, nullptr) == 0 ? 0 : 1;
}

int Set(const mp_forkserver_call* call)
{
    return std::exchange(g_variable, Number(call));
}

int Print(const mp_forkserver_call* call)
{
    std::printf("%s", static_cast<const char*>(call->payload));
    return 0;
}

int Pid(const mp_forkserver_call*)
{
    return getpid();
}

//! Leaves a helper, which has its descriptors, until there is permission.
int Abandon(const mp_forkserver_call*)
{
    if (fork() == 0) {
        char byte;
        if (Receive(Permission().read.get(), &byte, 1) == 1) SendAll(Progress().write.get(), "x");
        _exit(0);
    }
    return raise(SIGKILL);
}

int AdoptOrphans(const mp_forkserver_call*)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
}

int Get(const mp_forkserver_call*)
{
    return g_variable;
}

int WaitForPermission(const mp_forkserver_call*)
{
    char byte;
    SendAll(Progress().write.get(), "x");
    return Receive(Permission().read.get(), &byte, 1) == 1 ? 0 : 1;
}

constexpr std::array ENTRIES{
    mp_forkserver_entry{"exit", Exit, nullptr},         mp_forkserver_entry{"raise", Raise, nullptr},
    mp_forkserver_entry{"echo", Echo, nullptr},         mp_forkserver_entry{"report", Report, nullptr},
    mp_forkserver_entry{"hold", Hold, nullptr},         mp_forkserver_entry{"stubborn", Stubborn, nullptr},
    mp_forkserver_entry{"family", Family, nullptr},     mp_forkserver_entry{"cat", Cat, nullptr},
    mp_forkserver_entry{"fork", ForkAgain, nullptr},    mp_forkserver_entry{"stop", Stop, nullptr},
    mp_forkserver_entry{"set", Set, nullptr},           mp_forkserver_entry{"get", Get, nullptr},
    mp_forkserver_entry{"wait", WaitForPermission, nullptr},  mp_forkserver_entry{"print", Print, nullptr},
    mp_forkserver_entry{"pid", Pid, nullptr},           mp_forkserver_entry{"abandon", Abandon, nullptr},
    mp_forkserver_entry{"adopt", AdoptOrphans, nullptr},
};

} // namespace

const Pipe& Progress()
{
    static const Pipe pipe = MakePipe();
    return pipe;
}

const Pipe& Permission()
{
    static const Pipe pipe = MakePipe();
    return pipe;
}

int TryToStartForkServer(mp_forkserver** ret_server, uint32_t max_children, uint32_t max_clients, mp_error* error)
{
    mp_forkserver_options options = MP_FORKSERVER_OPTIONS_INIT;
    options.entries = ENTRIES.data();
    options.n_entries = ENTRIES.size();
    options.max_children = max_children;
    options.max_clients = max_clients;
    return mp_forkserver_start(&options, ret_server, error);
}

ForkServer StartForkServer(uint32_t max_children, uint32_t max_clients)
{
    mp_forkserver* server = nullptr;
    mp_error error{};
    EXPECT_EQ(TryToStartForkServer(&server, max_children, max_clients, &error), 0) << error.message;
    return ForkServer(server);
}

int Fork(mp_forkserver* server, Forked& forked, const char* entry, const std::string& payload, uint64_t flags,
         mp_error* error)
{
    mp_fork_options options = MP_FORK_OPTIONS_INIT;
    options.entry = entry;
    options.payload = payload.data();
    options.payload_size = payload.size();
    options.flags = flags;
    mp_process* process = nullptr;
    mp_socket socket = MP_SOCKET_INVALID;
    const int r = mp_forkserver_fork(server, &options, &process, &socket, error);
    forked = {Process(process), Fd(socket)};
    return r;
}

Forked StartForked(const ForkServer& server, const char* entry, const std::string& payload, uint64_t flags)
{
    Forked forked;
    mp_error error{};
    EXPECT_EQ(Fork(server.get(), forked, entry, payload, flags, &error), 0) << error.message;
    return forked;
}

int ResultOf(const ForkServer& server, const char* entry, const std::string& payload)
{
    const Forked forked = StartForked(server, entry, payload);
    return Wait(forked.process.get()).value;
}

} // namespace mp::test
