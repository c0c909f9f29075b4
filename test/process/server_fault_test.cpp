// System calls that fail inside a server: whoever asks gets an error or what was asked for, and the server goes on.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/fault.h>
#include <support/forkserver.h>
#include <support/process_state.h>

namespace mp::test {
namespace {

//! Of the library's table, without waitid: that can't fail for a child that there is.
constexpr const char* CALLS[] = {"alloc",     "map_stack", "open_null", "make_pipe", "make_socketpair", "clone_child",
                                 "make_copy", "read",      "write",     "poll",      "kill",            "pidfd_open",
                                 "send",      "sendmsg",   "recvmsg"};

size_t DescriptorsOf(int pid)
{
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(pid) + "/fd");
    return static_cast<size_t>(std::distance(begin(files), end(files)));
}

//! It closes what belonged to a child or a client when it sees their end.
bool ComesToHave(int pid, size_t descriptors)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (DescriptorsOf(pid) != descriptors) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

//! How a child ends that could not do what comes before its entry point.
constexpr int UNPREPARED = 126;

//! One call fails in all, which may be one that is made only now.
bool Works(const std::function<bool()>& ask)
{
    return ask() || ask();
}

//! Asks for all that a server does; errors are allowed.
void AskForEverything(const ForkServer& server)
{
    Forked forked, held;
    (void)Fork(server.get(), held, "hold", "", MP_SPAWN_OWN_GROUP | MP_SPAWN_DIE_WITH_PARENT);
    if (Fork(server.get(), forked, "exit", "3") == 0) {
        const int code = Wait(forked.process.get()).value;
        EXPECT_TRUE(code == 3 || code == UNPREPARED) << code;
    }
    mp_process* process = nullptr;
    Command command = ChildCommand("exit_code", {"5"});
    if (mp_forkserver_spawn(server.get(), command.Null(0).options(), &process, nullptr) == 0) {
        EXPECT_EQ(Wait(process).value, 5);
        mp_process_unref(process);
    }
    mp_socket connection;
    if (mp_forkserver_connect(server.get(), &connection, nullptr) == 0) close(connection);
    int result = 0;
    if (mp_forkserver_eval(server.get(), "set", "0", 1, &result, nullptr) == 0) {
        EXPECT_EQ(result, 0);
    }
    if (held.process != nullptr) {
        // Without pidfds it is the server's work.
        EXPECT_TRUE(Works([&] {
            const int r = mp_process_kill(held.process.get(), SIGKILL);
            return r == 0 || r == MP_ESRCH;
        }));
        const int value = Wait(held.process.get()).value;
        EXPECT_TRUE(value == SIGKILL || value == UNPREPARED) << value;
    }
}

//! Whether it hit the server before it had done everything twice.
bool Survives(const char* call, int nth, int err)
{
    ForkServer server;
    mp_forkserver* started = nullptr;
    {
        // The server is a copy of this process, and has the fault, too.
        const Fault fault(call, nth, err);
        const int r = TryToStartForkServer(&started);
        if (r < 0) return Fault::has_hit();
        server.reset(started);
    }
    const int pid = mp_forkserver_server_pid(started);
    for (int i = 0; i < 2; ++i) AskForEverything(server);
    EXPECT_TRUE(Works([&] {
        Forked forked;
        return Fork(started, forked, "exit", "3") == 0 && Wait(forked.process.get()).value == 3;
    }));
    EXPECT_TRUE(Works([&] { return mp_forkserver_eval(started, "set", "0", 1, nullptr, nullptr) == 0; }));
    // Besides the image's: the connection, the pipe of its signals, and the copy that later children are made from.
    const size_t expected = Descriptors().size() - 1 + 4;
    EXPECT_TRUE(ComesToHave(pid, expected)) << DescriptorsOf(pid) << " instead of " << expected;
    return Fault::has_hit();
}

class ServerFault : public testing::TestWithParam<const char*>
{
};
INSTANTIATE_TEST_SUITE_P(All, ServerFault, testing::ValuesIn(CALLS), [](const auto& info) { return info.param; });

TEST_P(ServerFault, IsAnErrorOfWhoAsksOnly)
{
    for (const int err : {ENOMEM, EAGAIN}) {
        for (int nth = 1; nth < 60 && Survives(GetParam(), nth, err); ++nth) {
            SCOPED_TRACE(nth);
            if (HasFailure()) return;
        }
    }
}

} // namespace
} // namespace mp::test
