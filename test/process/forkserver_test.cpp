// The fork server: what its children are, and what its functions promise.
#include <array>
#include <atomic>
#include <barrier>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <mp/process/request_posix.h>
#include <support/forkserver.h>
#include <support/process_state.h>

namespace mp::test {
namespace {

//! The pipes of the entry points are there before the first test.
class Pipes : public testing::Environment
{
    void SetUp() override
    {
        Progress();
        Permission();
    }
};
[[maybe_unused]] const testing::Environment* const g_pipes = testing::AddGlobalTestEnvironment(new Pipes);

std::map<std::string, std::string> ReportOf(const Forked& forked)
{
    auto report = ParseLines(ReadAll(forked.socket.get()));
    EXPECT_EQ(Wait(forked.process.get()).value, 0);
    return report;
}

TEST(ForkServer, ChildsExitCodeAndSignalReachItsHandle)
{
    const ForkServer server = StartForkServer();
    Forked forked = StartForked(server, "exit", "7");
    mp_exit exit = Wait(forked.process.get());
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(exit.value, 7);
    EXPECT_GT(exit.max_rss_kib, 0);
    EXPECT_EQ(mp_process_kill(forked.process.get(), SIGTERM), MP_ESRCH);
    forked = StartForked(server, "raise", std::to_string(SIGUSR1));
    exit = Wait(forked.process.get());
    EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
    EXPECT_EQ(exit.value, SIGUSR1);
    mp_process_id id;
    EXPECT_EQ(mp_process_release(forked.process.get(), &id), MP_ENOTSUP);
}

TEST(ForkServer, ChildIsNoneOfTheApplicationAndOneOfTheServer)
{
    const ForkServer server = StartForkServer();
    const Forked held = StartForked(server, "hold");
    EXPECT_TRUE(Children().empty());
    EXPECT_EQ(WaitPid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, nullptr, nullptr), MP_ETIMEDOUT);
    auto report = ReportOf(StartForked(server, "report"));
    EXPECT_EQ(report["parent"], std::to_string(mp_forkserver_server_pid(server.get())));
    EXPECT_EQ(report["server"], report["parent"]);
    EXPECT_EQ(mp_process_terminate(held.process.get(), -1, nullptr, nullptr), 0);
}

TEST(ForkServer, PayloadArrivesAsItIs)
{
    const ForkServer server = StartForkServer();
    std::string large(1 << 20, '\0');
    for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7);
    for (const std::string& payload : {std::string(), std::string("x\0y", 3), large}) {
        const Forked forked = StartForked(server, "echo", payload);
        EXPECT_EQ(ReadAll(forked.socket.get()), payload);
        EXPECT_EQ(Wait(forked.process.get()).value, 0);
    }
}

TEST(ForkServer, DescriptorsGoAlong)
{
    const ForkServer server = StartForkServer();
    Pipe in = MakePipe(), out = MakePipe();
    const std::array<mp_handle, 2> fds{in.read.get(), out.write.get()};
    mp_fork_options options = MP_FORK_OPTIONS_INIT;
    options.entry = "cat";
    options.fds = fds.data();
    options.n_fds = fds.size();
    mp_process* process = nullptr;
    ASSERT_EQ(mp_forkserver_fork(server.get(), &options, &process, nullptr, nullptr), 0);
    const Process owned(process);
    out.write.Close();
    EXPECT_EQ(write(in.write.get(), "hello", 5), 5);
    in.write.Close();
    EXPECT_EQ(ReadAll(out.read.get()), "hello");
    EXPECT_EQ(Wait(process).value, 0);
}

TEST(ForkServer, ChildHasNothingThatTheApplicationOpenedLater)
{
    const std::set<int> before = [] {
        std::set<int> numbers;
        for (const auto& [fd, target] : Descriptors()) numbers.insert(fd);
        return numbers;
    }();
    const ForkServer server = StartForkServer();
    std::atomic<bool> over{false};
    std::thread opener([&] {
        while (!over) close(open("/dev/null", O_RDONLY));
    });
    const Forked other = StartForked(server, "hold");
    for (int i = 0; i < 50; ++i) {
        std::istringstream numbers(ReportOf(StartForked(server, "report"))["descriptors"]);
        std::set<int> found;
        for (int fd; numbers >> fd;) {
            if (!before.contains(fd)) found.insert(fd);
        }
        EXPECT_EQ(found.size(), 2U) << numbers.str(); // its connection and its socket
    }
    over = true;
    opener.join();
}

TEST(ForkServer, ChildHasTheSignalsOfTheStart)
{
    sigset_t usr1, before;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, &before);
    signal(SIGUSR2, SIG_IGN);
    const ForkServer server = StartForkServer();
    sigprocmask(SIG_SETMASK, &before, nullptr);
    signal(SIGUSR2, SIG_DFL);
    for (int i = 0; i < 2; ++i) {
        auto report = ReportOf(StartForked(server, "report"));
        EXPECT_EQ(report["blocked"], "1");
        EXPECT_EQ(report["ignored"], "1");
        EXPECT_EQ(report["sigchld"], "default");
        // The same of a copy of a copy.
        EXPECT_EQ(mp_forkserver_eval(server.get(), "set", "1", 1, nullptr, nullptr), 0);
    }
}

TEST(ForkServer, ServerIgnoresWhatATerminalSends)
{
    const ForkServer server = StartForkServer();
    for (const int number : {SIGINT, SIGHUP, SIGTERM, SIGUSR1}) kill(mp_forkserver_server_pid(server.get()), number);
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
}

//! With and without a copy in the place of the server's image.
class ForkServerImage : public testing::TestWithParam<bool>
{
protected:
    ForkServer Start()
    {
        ForkServer server = StartForkServer();
        if (GetParam()) {
            EXPECT_EQ(mp_forkserver_eval(server.get(), "set", "5", 1, nullptr, nullptr), 0);
        }
        return server;
    }
};
INSTANTIATE_TEST_SUITE_P(All, ForkServerImage, testing::Bool());

TEST_P(ForkServerImage, ChildrenEndAsTheyDo)
{
    const ForkServer server = Start();
    EXPECT_EQ(ResultOf(server, "exit", "7"), 7);
    EXPECT_EQ(ResultOf(server, "get"), GetParam() ? 5 : 0);
    EXPECT_EQ(Wait(StartForked(server, "raise", std::to_string(SIGKILL)).process.get()).how, MP_EXIT_SIGNALED);
    auto report = ReportOf(StartForked(server, "report"));
    EXPECT_EQ(report["parent"], std::to_string(mp_forkserver_server_pid(server.get())));
}

TEST_P(ForkServerImage, GroupIsReachedWithItsGrandchildren)
{
    const ForkServer server = Start();
    for (const uint64_t flag : {MP_SPAWN_OWN_GROUP, MP_SPAWN_OWN_SESSION}) {
        const Forked family = StartForked(server, "family", "", flag);
        char line[32] = {};
        ASSERT_GT(Read(family.socket.get(), line, sizeof(line) - 1), 0);
        const int pid = mp_process_pid(family.process.get());
        EXPECT_EQ(getpgid(pid), pid);
        EXPECT_EQ(getsid(pid) == pid, flag == MP_SPAWN_OWN_SESSION);
        EXPECT_EQ(mp_process_kill_group(family.process.get(), SIGKILL), 0);
        EXPECT_EQ(Wait(family.process.get()).value, SIGKILL);
        EXPECT_TRUE(WaitGone(std::atoi(line)));
    }
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
}

TEST_P(ForkServerImage, ChildIsInItsGroupWhenTheHandleIsThere)
{
    const ForkServer server = Start();
    for (int i = 0; i < 100; ++i) {
        const Forked held = StartForked(server, "hold", "", i % 2 == 0 ? MP_SPAWN_OWN_GROUP : MP_SPAWN_OWN_SESSION);
        EXPECT_EQ(mp_process_kill_group(held.process.get(), SIGKILL), 0);
        EXPECT_EQ(Wait(held.process.get()).value, SIGKILL);
    }
}

TEST_P(ForkServerImage, ChildIsKilledWithWhoAskedForIt)
{
    const ForkServer server = Start();
    const Pipe out = MakePipe();
    const pid_t client = fork();
    if (client == 0) {
        Forked forked;
        if (Fork(server.get(), forked, "hold", "", MP_SPAWN_DIE_WITH_PARENT) < 0) _exit(1);
        const int pid = mp_process_pid(forked.process.get());
        if (write(out.write.get(), &pid, sizeof(pid)) != sizeof(pid)) _exit(1);
        for (;;) pause();
    }
    int pid = 0;
    ASSERT_EQ(Read(out.read.get(), &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
    EXPECT_EQ(kill(pid, 0), 0);
    kill(client, SIGKILL);
    WaitPid(client, nullptr, 0);
    EXPECT_TRUE(WaitGone(pid));
}

TEST_P(ForkServerImage, TiedChildIsKilledWithTheServerAndOthersRunOn)
{
    const ForkServer server = Start();
    const Forked tied = StartForked(server, "hold", "", MP_SPAWN_DIE_WITH_PARENT);
    Forked free = StartForked(server, "hold");
    const int server_pid = mp_forkserver_server_pid(server.get());
    kill(server_pid, SIGKILL);
    EXPECT_TRUE(WaitGone(mp_process_pid(tied.process.get())));
    EXPECT_TRUE(WaitGone(server_pid));
    EXPECT_EQ(Wait(free.process.get()).how, MP_EXIT_LOST);
    EXPECT_EQ(kill(mp_process_pid(free.process.get()), 0), 0);
    Forked none;
    mp_error error{};
    EXPECT_EQ(Fork(server.get(), none, "exit", "", 0, &error), MP_EPIPE);
    EXPECT_EQ(error.stage, MP_STAGE_SERVER);
    free.socket.Close();
    EXPECT_TRUE(WaitGone(mp_process_pid(free.process.get())));
}

TEST_P(ForkServerImage, KillOnUnref)
{
    const ForkServer server = Start();
    Forked held = StartForked(server, "hold", "", MP_SPAWN_KILL_ON_UNREF);
    const int pid = mp_process_pid(held.process.get());
    held.process.reset();
    EXPECT_TRUE(WaitGone(pid));
}

TEST_P(ForkServerImage, ManyThreadsForkAtOnce)
{
    constexpr int THREADS = 32, EACH = 10;
    const ForkServer server = Start();
    std::barrier start(THREADS);
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; ++i) {
        threads.emplace_back([&, i] {
            start.arrive_and_wait();
            for (int k = 0; k < EACH; ++k) EXPECT_EQ(ResultOf(server, "exit", std::to_string(i)), i);
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST_P(ForkServerImage, ExitDescriptorTellsAlsoWhenTheConnectionIsClosed)
{
    ForkServer server = Start();
    mp_fork_options options = MP_FORK_OPTIONS_INIT;
    options.entry = "hold";
    int pid = 0;
    mp_socket socket = MP_SOCKET_INVALID;
    mp_handle exit_fd = MP_HANDLE_INVALID;
    ASSERT_EQ(mp_forkserver_fork_pid(server.get(), &options, &pid, &socket, &exit_fd, nullptr), 0);
    const Fd owned(exit_fd);
    server.reset();
    EXPECT_FALSE(WaitReadable(exit_fd, 0));
    close(socket);
    mp_forkserver_exit told;
    EXPECT_TRUE(WaitReadable(exit_fd));
    ASSERT_EQ(Read(exit_fd, &told, sizeof(told)), static_cast<ssize_t>(sizeof(told)));
    EXPECT_EQ(told.pid, pid);
    EXPECT_EQ(told.exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(told.exit.value, 0);
    EXPECT_EQ(Read(exit_fd, &told, sizeof(told)), 0);
}

TEST_P(ForkServerImage, StopEndsEverything)
{
    const ForkServer server = Start();
    const Forked held = StartForked(server, "hold"), stubborn = StartForked(server, "stubborn");
    char byte;
    ASSERT_EQ(Read(stubborn.socket.get(), &byte, 1), 1);
    const int pid = mp_forkserver_server_pid(server.get());
    EXPECT_EQ(mp_forkserver_stop(server.get(), 100, nullptr), 0);
    EXPECT_EQ(Wait(held.process.get()).value, SIGTERM);
    EXPECT_EQ(Wait(stubborn.process.get()).value, SIGKILL);
    EXPECT_TRUE(WaitGone(pid));
    Forked none;
    EXPECT_EQ(Fork(server.get(), none, "exit"), MP_EPIPE);
}

TEST_P(ForkServerImage, ChildStopsItsServer)
{
    const ForkServer server = Start();
    const Forked held = StartForked(server, "hold");
    Forked stopper = StartForked(server, "stop"), second = StartForked(server, "stop");
    stopper.socket.Close();
    second.socket.Close();
    EXPECT_EQ(Wait(held.process.get()).value, SIGTERM);
    EXPECT_TRUE(WaitGone(mp_forkserver_server_pid(server.get())));
    EXPECT_TRUE(WaitGone(mp_process_pid(stopper.process.get())));
    EXPECT_TRUE(WaitGone(mp_process_pid(second.process.get())));
}

TEST_P(ForkServerImage, ServerThatIsStoppedForksNoMore)
{
    const ForkServer server = Start();
    const Forked stubborn = StartForked(server, "stubborn");
    char byte;
    ASSERT_EQ(Read(stubborn.socket.get(), &byte, 1), 1);
    std::thread stopper([&] { EXPECT_EQ(mp_forkserver_stop(server.get(), -1, nullptr), 0); });
    Forked none;
    int r;
    while ((r = Fork(server.get(), none, "exit")) == 0) {}
    EXPECT_EQ(r, MP_ESHUTDOWN);
    EXPECT_EQ(mp_process_kill(stubborn.process.get(), SIGKILL), 0);
    stopper.join();
}

TEST_P(ForkServerImage, StoppingTheServerOnlyLeavesItsChildren)
{
    const ForkServer server = Start();
    Forked held = StartForked(server, "hold");
    const int pid = mp_forkserver_server_pid(server.get());
    EXPECT_EQ(mp_forkserver_stop_server_only(server.get(), nullptr), 0);
    EXPECT_TRUE(WaitGone(pid));
    EXPECT_EQ(kill(mp_process_pid(held.process.get()), 0), 0);
    EXPECT_EQ(Wait(held.process.get()).how, MP_EXIT_LOST);
    held.socket.Close();
    EXPECT_TRUE(WaitGone(mp_process_pid(held.process.get())));
}

TEST_P(ForkServerImage, KillAllSparesWhoAsksAndCounts)
{
    const ForkServer server = Start();
    EXPECT_EQ(mp_forkserver_kill_all(server.get(), SIGTERM, nullptr), 0);
    const Forked one = StartForked(server, "hold"), two = StartForked(server, "hold");
    EXPECT_EQ(mp_forkserver_kill_all(server.get(), 0, nullptr), 2);
    EXPECT_EQ(mp_forkserver_kill_all(server.get(), SIGUSR1, nullptr), 2);
    EXPECT_EQ(Wait(one.process.get()).value, SIGUSR1);
    EXPECT_EQ(Wait(two.process.get()).value, SIGUSR1);
    mp_error error{};
    EXPECT_EQ(mp_forkserver_kill_all(server.get(), 65, &error), MP_EINVAL);
    EXPECT_STREQ(error.message, "fork server: no such signal");
}

TEST_P(ForkServerImage, ChildForksByItsOwnConnection)
{
    const ForkServer server = Start();
    EXPECT_EQ(ResultOf(server, "fork", "9"), 9);
}

TEST_P(ForkServerImage, EndsWithItsLastClient)
{
    ForkServer server = Start();
    const int pid = mp_forkserver_server_pid(server.get());
    Forked held = StartForked(server, "hold");
    server.reset();
    EXPECT_EQ(kill(pid, 0), 0); // the child has a connection
    held.socket.Close();
    EXPECT_EQ(Wait(held.process.get()).value, 0);
    held.process.reset();
    EXPECT_TRUE(WaitGone(pid));
}

TEST(ForkServerEval, IsSeenByLaterChildren)
{
    const ForkServer server = StartForkServer();
    const Forked before = StartForked(server, "hold");
    int old = -1;
    for (int i = 1; i < 4; ++i) {
        EXPECT_EQ(mp_forkserver_eval(server.get(), "set", std::to_string(i).data(), 1, &old, nullptr), 0);
        EXPECT_EQ(old, i - 1);
        EXPECT_EQ(ResultOf(server, "get"), i);
    }
    EXPECT_EQ(mp_process_terminate(before.process.get(), -1, nullptr, nullptr), 0);
}

TEST(ForkServerEval, DoesNotHoldUpForks)
{
    const ForkServer server = StartForkServer();
    EXPECT_EQ(mp_forkserver_eval(server.get(), "set", "1", 1, nullptr, nullptr), 0);
    std::thread evaluator([&] { EXPECT_EQ(mp_forkserver_eval(server.get(), "wait", nullptr, 0, nullptr, nullptr), 0); });
    char byte;
    ASSERT_EQ(Read(Progress().read.get(), &byte, 1), 1);
    std::thread second([&] { EXPECT_EQ(mp_forkserver_eval(server.get(), "set", "2", 1, nullptr, nullptr), 0); });
    EXPECT_EQ(ResultOf(server, "get"), 1);
    EXPECT_EQ(ResultOf(server, "exit", "7"), 7);
    EXPECT_EQ(write(Permission().write.get(), "x", 1), 1);
    evaluator.join();
    second.join();
    EXPECT_EQ(ResultOf(server, "get"), 2);
}

TEST(ForkServerEval, CrashChangesNothing)
{
    const ForkServer server = StartForkServer();
    for (int i = 0; i < 2; ++i) {
        mp_error error{};
        int result = -1;
        const std::string signal = std::to_string(SIGKILL);
        EXPECT_EQ(mp_forkserver_eval(server.get(), "raise", signal.data(), signal.size(), &result, &error),
                  MP_ECONNABORTED);
        EXPECT_STREQ(error.message, "fork server: the entry point ended its process");
        EXPECT_EQ(result, -1);
        EXPECT_EQ(ResultOf(server, "get"), i);
        EXPECT_EQ(mp_forkserver_eval(server.get(), "set", "1", 1, nullptr, nullptr), 0);
    }
}

TEST(ForkServerEval, IsNotBegunWhileTheServerIsBeingStopped)
{
    const ForkServer server = StartForkServer();
    const Forked stubborn = StartForked(server, "stubborn");
    char byte;
    ASSERT_EQ(Read(stubborn.socket.get(), &byte, 1), 1);
    std::thread running([&] { EXPECT_EQ(mp_forkserver_eval(server.get(), "wait", nullptr, 0, nullptr, nullptr), 0); });
    ASSERT_EQ(Read(Progress().read.get(), &byte, 1), 1);
    std::thread stopper([&] { EXPECT_EQ(mp_forkserver_stop(server.get(), -1, nullptr), 0); });
    Forked none;
    while (Fork(server.get(), none, "exit") == 0) {}
    mp_error error{};
    EXPECT_EQ(mp_forkserver_eval(server.get(), "set", "1", 1, nullptr, &error), MP_ESHUTDOWN); // while one runs
    EXPECT_STREQ(error.message, "fork server: it is being stopped");
    EXPECT_EQ(write(Permission().write.get(), "x", 1), 1);
    running.join();
    EXPECT_EQ(mp_forkserver_eval(server.get(), "set", "1", 1, nullptr, nullptr), MP_ESHUTDOWN);
    EXPECT_EQ(mp_process_kill(stubborn.process.get(), SIGKILL), 0);
    stopper.join();
}

TEST(ForkServerEval, ServerEndsAlsoWhileOneRuns)
{
    const ForkServer server = StartForkServer();
    std::thread evaluator([&] {
        EXPECT_LT(mp_forkserver_eval(server.get(), "wait", nullptr, 0, nullptr, nullptr), 0);
    });
    char byte;
    ASSERT_EQ(Read(Progress().read.get(), &byte, 1), 1);
    EXPECT_EQ(mp_forkserver_stop(server.get(), 0, nullptr), 0);
    evaluator.join();
}

TEST(ForkServerEval, LeavesNothingThatWasPrintedToLaterChildren)
{
    Pipe out = MakePipe();
    const int before = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(out.write.get(), STDOUT_FILENO);
    ForkServer server = StartForkServer();
    dup2(before, STDOUT_FILENO);
    close(before);
    out.write.Close();
    EXPECT_EQ(mp_forkserver_eval(server.get(), "print", "x", 1, nullptr, nullptr), 0);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
    EXPECT_EQ(mp_forkserver_stop(server.get(), -1, nullptr), 0);
    EXPECT_EQ(ReadAll(out.read.get()), "x");
}

TEST(ForkServerEval, KeepsNoPayload)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer keeps what is freed";
#endif
    const ForkServer server = StartForkServer();
    const std::string large(8 << 20, '0');
    const auto eval = [&] {
        EXPECT_EQ(mp_forkserver_eval(server.get(), "set", large.data(), large.size(), nullptr, nullptr), 0);
    };
    for (int i = 0; i < 3; ++i) eval();
    const long before = std::stol(ReportOf(StartForked(server, "report"))["pages"]);
    for (int i = 0; i < 10; ++i) eval();
    EXPECT_LT(std::stol(ReportOf(StartForked(server, "report"))["pages"]), before + 1024);
}

TEST(ForkServerEval, ProcessThatWasLeftMayBeKilled)
{
    const ForkServer server = StartForkServer();
    int pid = 0;
    EXPECT_EQ(mp_forkserver_eval(server.get(), "pid", nullptr, 0, &pid, nullptr), 0);
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
    kill(pid, SIGKILL);
    EXPECT_TRUE(WaitGone(pid));
    Forked none;
    mp_error error{};
    EXPECT_EQ(Fork(server.get(), none, "exit", "", 0, &error), MP_ECHILD);
    EXPECT_STREQ(error.message, "fork server: the copy that mp_forkserver_eval left has ended");
    EXPECT_EQ(mp_forkserver_eval(server.get(), "set", nullptr, 0, nullptr, nullptr), MP_ECHILD);
    EXPECT_EQ(mp_forkserver_kill_all(server.get(), 0, nullptr), 0);
}

TEST(ForkServerEval, CrashIsNoticedAlsoWhileAHelperRuns)
{
    const ForkServer server = StartForkServer();
    EXPECT_EQ(mp_forkserver_eval(server.get(), "abandon", nullptr, 0, nullptr, nullptr), MP_ECONNABORTED);
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
    char byte;
    EXPECT_EQ(write(Permission().write.get(), "x", 1), 1);
    EXPECT_EQ(Read(Progress().read.get(), &byte, 1), 1); // the helper had it, and ends
}

TEST(ForkServerEval, MayMakeItsProcessAdoptOrphans)
{
    const ForkServer server = StartForkServer();
    int result = -1;
    EXPECT_EQ(mp_forkserver_eval(server.get(), "adopt", nullptr, 0, &result, nullptr), 0);
    EXPECT_EQ(result, 0);
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3); // the server adopts it all the same
}

TEST(ForkServerEval, KeepsNoServerWhoseClientsHaveGone)
{
    const Pipe out = MakePipe();
    const pid_t client = fork();
    if (client == 0) {
        const ForkServer server = StartForkServer();
        const int pid = mp_forkserver_server_pid(server.get());
        if (write(out.write.get(), &pid, sizeof(pid)) != sizeof(pid)) _exit(1);
        _exit(mp_forkserver_eval(server.get(), "wait", nullptr, 0, nullptr, nullptr));
    }
    int pid = 0;
    char byte;
    ASSERT_EQ(Read(out.read.get(), &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
    ASSERT_EQ(Read(Progress().read.get(), &byte, 1), 1);
    kill(client, SIGKILL);
    WaitPid(client, nullptr, 0);
    EXPECT_TRUE(WaitGone(pid));
}

TEST(ForkServerEval, ManyThatWaitKeepNobodyOut)
{
    const ForkServer server = StartForkServer();
    std::thread first([&] { EXPECT_LT(mp_forkserver_eval(server.get(), "wait", nullptr, 0, nullptr, nullptr), 0); });
    char byte;
    ASSERT_EQ(Read(Progress().read.get(), &byte, 1), 1);
    std::atomic<int> n_refused{0};
    std::vector<std::thread> waiting;
    for (int i = 0; i < 100; ++i) {
        waiting.emplace_back([&] {
            n_refused += mp_forkserver_eval(server.get(), "set", "1", 1, nullptr, nullptr) == MP_EAGAIN;
        });
    }
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
    EXPECT_EQ(mp_forkserver_stop(server.get(), 0, nullptr), 0);
    first.join();
    for (auto& thread : waiting) thread.join();
    EXPECT_LT(n_refused, 100);
}

//! The next process gets this number, if it is free and nobody else makes one. False if that is not allowed.
bool MakeNextNumber(int number)
{
    std::ofstream last("/proc/sys/kernel/ns_last_pid");
    last << number - 1 << std::flush;
    return last.good();
}

TEST(ForkServer, KillNeverReachesALaterChildWithTheSameNumber)
{
    const ForkServer server = StartForkServer();
    for (int i = 0; i < 1000; ++i) {
        const Forked ended = StartForked(server, "exit");
        const int number = mp_process_pid(ended.process.get());
        EXPECT_TRUE(WaitReadable(mp_process_exit_fd(ended.process.get())));
        if (!MakeNextNumber(number)) GTEST_SKIP() << "may not choose the number of a process";
        Forked later = StartForked(server, "hold");
        const bool is_same = mp_process_pid(later.process.get()) == number;
        if (is_same) {
            EXPECT_EQ(mp_process_kill(ended.process.get(), SIGKILL), MP_ESRCH);
        }
        later.socket.Close();
        EXPECT_EQ(Wait(later.process.get()).how, MP_EXIT_EXITED);
        EXPECT_EQ(Wait(ended.process.get()).value, 0);
        if (is_same) return;
    }
    ADD_FAILURE() << "somebody else always took the number";
}

TEST(ForkServer, TwoMayStopIt)
{
    for (int i = 0; i < 20; ++i) {
        const ForkServer server = StartForkServer();
        const Forked stubborn = StartForked(server, "stubborn");
        char byte;
        ASSERT_EQ(Read(stubborn.socket.get(), &byte, 1), 1);
        std::barrier start(2);
        const auto stop = [&](int timeout_ms) {
            start.arrive_and_wait();
            const int r = mp_forkserver_stop(server.get(), timeout_ms, nullptr);
            EXPECT_TRUE(r == 0 || r == MP_EPIPE || r == MP_ECONNRESET) << mp_status_name(r); // it had ended before
            return r;
        };
        int other = -1;
        std::thread second([&] { other = stop(-1); });
        const int mine = stop(0);
        second.join();
        EXPECT_TRUE(mine == 0 || other == 0);
        EXPECT_EQ(Wait(stubborn.process.get()).value, SIGKILL);
    }
}

TEST(ForkServer, AnotherUserGetsNothingAlsoThroughASocketOfThisOne)
{
    if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
    const ForkServer server = StartForkServer();
    mp_socket connection = MP_SOCKET_INVALID;
    ASSERT_EQ(mp_forkserver_connect(server.get(), &connection, nullptr), 0);
    const Fd owned(connection);
    int made_here[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, made_here), 0);
    const pid_t other = fork();
    if (other == 0) {
        if (setresuid(65534, 65534, 65534) < 0) _exit(1);
        Forked none;
        if (Fork(server.get(), none, "exit") != MP_ESTALE) _exit(2);
        mp_priv_reply reply;
        if (mp_socket_send_fds(connection, "", 1, &made_here[1], 1, nullptr) != 1) _exit(3);
        close(made_here[1]);
        if (recv(made_here[0], &reply, sizeof(reply), MSG_WAITALL) != sizeof(reply)) _exit(4);
        _exit(reply.error.status == MP_ESTALE ? 0 : 5);
    }
    close(made_here[1]);
    int status = -1;
    WaitPid(other, &status, 0);
    EXPECT_EQ(status, 0);
    close(made_here[0]);
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
}

TEST(ForkServerLimit, ChildrenThatAnImageIsMakingCount)
{
    const ForkServer server = StartForkServer(2, 0);
    EXPECT_EQ(mp_forkserver_eval(server.get(), "set", "1", 1, nullptr, nullptr), 0);
    std::barrier start(16);
    std::vector<std::thread> threads;
    std::array<Forked, 16> forked;
    for (Forked& one : forked) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            const int r = Fork(server.get(), one, "hold");
            EXPECT_TRUE(r == 0 || r == MP_EAGAIN) << mp_status_name(r);
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(mp_forkserver_kill_all(server.get(), SIGKILL, nullptr), 2);
}

TEST(ForkServerLimit, Children)
{
    const ForkServer server = StartForkServer(2, 0);
    Forked one = StartForked(server, "hold"), two = StartForked(server, "hold"), none;
    mp_error error{};
    EXPECT_EQ(Fork(server.get(), none, "exit", "", 0, &error), MP_EAGAIN);
    EXPECT_STREQ(error.message, "fork server: it has as many children as it may have");
    one.socket.Close();
    EXPECT_EQ(Wait(one.process.get()).value, 0);
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
}

TEST(ForkServerLimit, Clients)
{
    const ForkServer server = StartForkServer(0, 2);
    mp_socket connection = MP_SOCKET_INVALID;
    ASSERT_EQ(mp_forkserver_connect(server.get(), &connection, nullptr), 0);
    Forked none;
    mp_error error{};
    EXPECT_EQ(Fork(server.get(), none, "exit", "", 0, &error), MP_EUSERS);
    EXPECT_STREQ(error.message, "fork server: it has as many clients as it may have");
    mp_socket second = MP_SOCKET_INVALID;
    EXPECT_EQ(mp_forkserver_connect(server.get(), &second, nullptr), MP_EUSERS);
    close(connection);
    int r;
    while ((r = Fork(server.get(), none, "exit", "3")) == MP_EUSERS) {} // until the server has seen it
    EXPECT_EQ(r, 0);
    EXPECT_EQ(Wait(none.process.get()).value, 3);
}

TEST(ForkServerConnection, MayBeHandedToAnotherProcess)
{
    ForkServer server = StartForkServer();
    mp_socket connection = MP_SOCKET_INVALID;
    ASSERT_EQ(mp_forkserver_connect(server.get(), &connection, nullptr), 0);
    const int pid = mp_forkserver_server_pid(server.get());
    server.reset();
    const pid_t other = fork();
    if (other == 0) {
        mp_forkserver* opened = nullptr;
        if (mp_forkserver_open(connection, &opened, nullptr) < 0) _exit(1);
        const ForkServer again(opened);
        _exit(mp_forkserver_server_pid(opened) == pid && ResultOf(again, "exit", "3") == 3 ? 0 : 1);
    }
    int status = -1;
    WaitPid(other, &status, 0);
    EXPECT_EQ(status, 0);
    mp_forkserver* opened = nullptr;
    ASSERT_EQ(fcntl(connection, F_SETFD, 0), 0); // as after exec
    ASSERT_EQ(mp_forkserver_open(connection, &opened, nullptr), 0);
    EXPECT_EQ(fcntl(connection, F_GETFD), FD_CLOEXEC);
    const ForkServer again(opened);
    EXPECT_EQ(mp_forkserver_server_pid(opened), pid);
    EXPECT_EQ(ResultOf(again, "exit", "4"), 4);
}

TEST(ForkServerConnection, OtherDescriptorsAreRefused)
{
    mp_forkserver* opened = nullptr;
    mp_error error{};
    const Pipe pipe = MakePipe();
    EXPECT_EQ(mp_forkserver_open(pipe.read.get(), &opened, &error), MP_ENOTSOCK);
    EXPECT_EQ(mp_forkserver_open(-1, &opened, &error), MP_EBADF);
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    const Fd first(pair[0]);
    close(pair[1]);
    EXPECT_EQ(mp_forkserver_open(first.get(), &opened, &error), MP_EPIPE) << error.message;
    EXPECT_NE(fcntl(first.get(), F_GETFD), -1); // it is still the caller's
}

TEST(ForkServerSpawn, IsAPrivateSpawn)
{
    const ForkServer server = StartForkServer();
    mp_process* process = nullptr;
    Command command = ChildCommand("print_attributes");
    Pipe out = MakePipe();
    ASSERT_EQ(mp_forkserver_spawn(server.get(), command.Stdio(1, out.write.get()).options(), &process, nullptr), 0);
    const Process owned(process);
    out.write.Close();
    EXPECT_EQ(ParseLines(ReadAll(out.read.get()))["parent"],
              std::to_string(mp_forkserver_server_pid(server.get())));
    EXPECT_EQ(Wait(process).value, 0);
    mp_error error{};
    Command missing({"/no/such/program"});
    EXPECT_EQ(mp_forkserver_spawn(server.get(), missing.options(), &process, &error), MP_ENOENT);
    EXPECT_STREQ(error.message, "spawn '/no/such/program': No such file or directory");
}

TEST(ForkServerStart, IsRefusedWhenThereAreThreads)
{
    mp_forkserver_options options = MP_FORKSERVER_OPTIONS_INIT;
    mp_forkserver* server = nullptr;
    mp_error error{};
    std::barrier over(2);
    std::thread thread([&] { over.arrive_and_wait(); });
    EXPECT_EQ(mp_forkserver_start(&options, &server, &error), MP_EBUSY);
    EXPECT_STREQ(error.message, "fork server: this process has 2 threads; start it before the others");
    over.arrive_and_wait();
    thread.join();
}

// A joined thread may be one: the system takes it from the list of threads some time after it lets the other go on.
TEST(ForkServerStart, WaitsForThreadsThatAreEnding)
{
    std::barrier begun(2);
    std::thread thread([&] {
        begun.arrive_and_wait();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    });
    begun.arrive_and_wait();
    StartForkServer();
    thread.join();
}

TEST(ForkServerStart, RefusesBadOptions)
{
    mp_forkserver* server = nullptr;
    mp_error error{};
    const auto start = [&](std::vector<mp_forkserver_entry> entries) {
        mp_forkserver_options options = MP_FORKSERVER_OPTIONS_INIT;
        options.entries = entries.data();
        options.n_entries = entries.size();
        error = {};
        return mp_forkserver_start(&options, &server, &error);
    };
    const auto run = [](const mp_forkserver_call*) { return 0; };
    EXPECT_EQ(start({{nullptr, run, nullptr}}), MP_EINVAL);
    EXPECT_EQ(start({{"", run, nullptr}}), MP_EINVAL);
    EXPECT_STREQ(error.message, "fork server: an entry point without a name");
    EXPECT_EQ(start({{"x", nullptr, nullptr}}), MP_EINVAL);
    EXPECT_STREQ(error.message, "fork server: an entry point without a function");
    EXPECT_EQ(start({{"x", run, nullptr}, {"x", run, nullptr}}), MP_EINVAL);
    EXPECT_STREQ(error.message, "fork server: two entry points 'x'");
    mp_forkserver_options options = MP_FORKSERVER_OPTIONS_INIT;
    EXPECT_EQ(mp_forkserver_start(nullptr, &server, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_forkserver_start(&options, nullptr, nullptr), MP_EINVAL);
    options.size = 3;
    EXPECT_EQ(mp_forkserver_start(&options, &server, nullptr), MP_EINVAL);
    struct
    {
        mp_forkserver_options known = MP_FORKSERVER_OPTIONS_INIT;
        uint64_t unknown = 1;
    } newer;
    newer.known.size = sizeof(newer);
    EXPECT_EQ(mp_forkserver_start(&newer.known, &server, nullptr), MP_E2BIG);
    options = MP_FORKSERVER_OPTIONS_INIT;
    options.n_entries = 1;
    EXPECT_EQ(mp_forkserver_start(&options, &server, nullptr), MP_EINVAL);
}

TEST(ForkServer, RefusesBadArguments)
{
    const ForkServer server = StartForkServer();
    mp_fork_options options = MP_FORK_OPTIONS_INIT;
    mp_process* process = nullptr;
    mp_error error{};
    const auto forked = [&] { return mp_forkserver_fork(server.get(), &options, &process, nullptr, &error); };
    EXPECT_EQ(forked(), MP_EINVAL);
    EXPECT_STREQ(error.message, "fork server: entry is NULL");
    options.entry = "no such thing";
    EXPECT_EQ(forked(), MP_ENOENT);
    EXPECT_STREQ(error.message, "fork server: no entry point 'no such thing'");
    options.entry = "exit";
    options.payload_size = 1;
    EXPECT_EQ(forked(), MP_EINVAL);
    options.payload_size = 0;
    options.n_fds = 1;
    EXPECT_EQ(forked(), MP_EINVAL);
    const mp_handle closed = 9999;
    options.fds = &closed;
    EXPECT_EQ(forked(), MP_EBADF);
    options.fds = nullptr;
    options.n_fds = 0;
    options.flags = MP_SPAWN_SET_UID;
    EXPECT_EQ(forked(), MP_EINVAL);
    options.flags = MP_SPAWN_KILL_ON_UNREF;
    int pid = 0;
    EXPECT_EQ(mp_forkserver_fork_pid(server.get(), &options, &pid, nullptr, nullptr, &error), MP_EINVAL);
    options.flags = 0;
    const std::string large(MP_FORKSERVER_PAYLOAD_MAX + 1, 'x');
    options.payload = large.data();
    options.payload_size = large.size();
    EXPECT_EQ(forked(), MP_E2BIG);
    EXPECT_EQ(mp_forkserver_fork(nullptr, &options, &process, nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_forkserver_fork(server.get(), nullptr, &process, nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_forkserver_eval(server.get(), nullptr, nullptr, 0, nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_forkserver_eval(server.get(), "no such thing", nullptr, 0, nullptr, nullptr), MP_ENOENT);
    EXPECT_EQ(mp_forkserver_stop(server.get(), -2, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_forkserver_stop(nullptr, 0, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_forkserver_server_pid(nullptr), MP_EINVAL);
    EXPECT_EQ(mp_forkserver_close(nullptr), nullptr);
    EXPECT_EQ(ResultOf(server, "exit", "3"), 3);
}

} // namespace
} // namespace mp::test
