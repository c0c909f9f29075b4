// Private children, and the server that starts them.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <pthread.h>
#include <random>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <mp/process/request_posix.h>
#include <mp/process/socket_fds_posix.h>
#include <support/private.h>
#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Private, TellsHowItEnded)
{
    mp_exit exit = Wait(PrivateCommand("exit_code", {"5"}).Start().get());
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(exit.value, 5);
    EXPECT_EQ(exit.core_dumped, 0);
    EXPECT_GT(exit.max_rss_kib, 0);
    exit = Wait(PrivateCommand("raise_signal", {std::to_string(SIGUSR1)}).Start().get());
    EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
    EXPECT_EQ(exit.value, SIGUSR1);
    exit = Wait(PrivateCommand("burn", {"60", "64"}).Start().get());
    EXPECT_GE(exit.user_time_us + exit.system_time_us, 40'000);
}

TEST(Private, AnswersTheSameEveryTime)
{
    const Process process = PrivateCommand("exit_code", {"5"}).Start();
    mp_exit exit;
    EXPECT_TRUE(WaitReadable(mp_process_exit_fd(process.get())));
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(mp_process_wait(process.get(), 0, &exit, nullptr), 0);
        EXPECT_EQ(exit.value, 5);
        EXPECT_TRUE(WaitReadable(mp_process_exit_fd(process.get()), 0));
    }
    EXPECT_EQ(mp_process_kill(process.get(), SIGTERM), MP_ESRCH);
}

TEST(Private, IsNoChildOfThisProcess)
{
    const Held held = StartPrivateHeld();
    EXPECT_TRUE(Children().empty());
    EXPECT_EQ(WaitPid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(WaitPid(mp_process_pid(held.process.get()), nullptr, WNOHANG), -1);
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, nullptr, nullptr), MP_ETIMEDOUT);
    EXPECT_EQ(mp_process_terminate(held.process.get(), -1, nullptr, nullptr), 0);
}

TEST(Private, CantBeReleased)
{
    const Held held = StartPrivateHeld();
    mp_process_id id;
    EXPECT_EQ(mp_process_release(held.process.get(), &id), MP_ENOTSUP);
    EXPECT_EQ(mp_process_terminate(held.process.get(), 0, nullptr, nullptr), 0);
}

TEST(Private, ErrorsAreThoseOfAnOrdinarySpawn)
{
    for (const char* program : {"/no/such/program", "/etc/passwd", "/", "no-such-program"}) {
        mp_error error{}, ordinary{};
        Process process;
        Command with({program}), without({program});
        EXPECT_EQ(with.Flags(MP_SPAWN_PRIVATE).Spawn(process, &error), without.Spawn(process, &ordinary));
        EXPECT_EQ(error.status, ordinary.status);
        EXPECT_EQ(error.stage, ordinary.stage);
        EXPECT_EQ(error.system_code, ordinary.system_code);
        EXPECT_STREQ(error.message, ordinary.message);
    }
}

TEST(Private, NeedsItsServersProgram)
{
    Elsewhere([] {
        kill(ServerPid(), SIGKILL);
        setenv("MP_SPAWN_SERVER", "/no/such/server", 1);
        mp_error error{};
        Process process;
        int r;
        while ((r = PrivateCommand("exit_code").Spawn(process, &error)) == MP_ECONNRESET || r == 0) {}
        EXPECT_EQ(r, MP_ENOENT);
        EXPECT_EQ(error.stage, MP_STAGE_SERVER);
        EXPECT_STREQ(error.message, "spawn server '/no/such/server': No such file or directory");
        setenv("MP_SPAWN_SERVER", MP_TEST_SPAWN_SERVER, 1);
        EXPECT_EQ(Wait(PrivateCommand("exit_code", {"7"}).Start().get()).value, 7);
    });
}

std::atomic<int> g_sigchld{0};

void CountSigchld(int)
{
    ++g_sigchld;
}

//! Ends of children that a stranger's waitpid(-1) takes while something runs.
class Thief
{
public:
    Thief()
    {
        m_thread = std::thread([this] {
            while (!m_stop) {
                if (WaitPid(-1, nullptr, WNOHANG) > 0) {
                    ++m_stolen;
                } else {
                    std::this_thread::yield();
                }
            }
        });
    }
    ~Thief()
    {
        m_stop = true;
        m_thread.join();
    }
    int stolen() const { return m_stolen; }

private:
    std::atomic<bool> m_stop{false};
    std::atomic<int> m_stolen{0};
    std::thread m_thread;
};

constexpr int MANY = 2000;

void ExpectStatusOf(int i, Command command)
{
    const mp_exit exit = Wait(command.Start().get());
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(exit.value, i % 256);
}

TEST(Private, KeepsEveryStatusAndRaisesNoSigchld)
{
    Elsewhere([] {
        StartSpawnServer();
        signal(SIGCHLD, CountSigchld);
        {
            const Thief thief;
            for (int i = 0; i < MANY; ++i) ExpectStatusOf(i, PrivateCommand("exit_code", {std::to_string(i)}));
            EXPECT_EQ(thief.stolen(), 0);
        }
        EXPECT_EQ(g_sigchld, 0);
    });
}

TEST(Private, NaivelyStatusesAreStolenAndSigchldIsRaised)
{
    Elsewhere([] {
        signal(SIGCHLD, CountSigchld);
        const Thief thief;
        // An ordinary child tells when its status is gone.
        for (int i = 1; i <= 5; ++i) {
            const Process process = ChildCommand("exit_code").Start();
            while (thief.stolen() < i) std::this_thread::yield();
            EXPECT_EQ(Wait(process.get()).how, MP_EXIT_LOST);
        }
        EXPECT_GT(g_sigchld, 0);
    });
}

TEST(Private, KeepsEveryStatusBesideOrdinaryChildren)
{
    Elsewhere([] {
        StartSpawnServer();
        const Thief thief;
        std::atomic<bool> stop{false};
        std::thread ordinary([&] {
            while (!stop) {
                const mp_exit exit = Wait(ChildCommand("exit_code", {"3"}).Start().get());
                // The right one, or none.
                EXPECT_TRUE(exit.how == MP_EXIT_LOST || exit.value == 3) << exit.value;
            }
        });
        for (int i = 0; i < MANY / 4; ++i) ExpectStatusOf(i, PrivateCommand("exit_code", {std::to_string(i)}));
        stop = true;
        ordinary.join();
    });
}

TEST(Private, KeepsItsStatusWhereSigchldIsIgnored)
{
    Elsewhere([] {
        signal(SIGCHLD, SIG_IGN);
        // Ordinarily there is none.
        EXPECT_EQ(Wait(ChildCommand("exit_code", {"3"}).Start().get()).how, MP_EXIT_LOST);
        for (int i = 0; i < 20; ++i) ExpectStatusOf(i, PrivateCommand("exit_code", {std::to_string(i)}));
    });
}

TEST(Private, ServerIsAllThatASubreaperSees)
{
    Elsewhere([] {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        kill(ServerPid(), SIGKILL); // the next one's parent is this process
        Process process;
        int r;
        while ((r = PrivateCommand("exit_code").Spawn(process)) == MP_ECONNRESET) {}
        ASSERT_EQ(r, 0);
        while (Children().empty()) ASSERT_EQ(Wait(PrivateCommand("exit_code").Start().get()).how, MP_EXIT_EXITED);
        const int server = ServerPid();
        EXPECT_EQ(Children(), std::set<int>{server});
        EXPECT_EQ(WaitPid(-1, nullptr, WNOHANG), 0);
        kill(server, SIGKILL);
        EXPECT_EQ(WaitPid(-1, nullptr, 0), server);
    });
}

TEST(Private, RunsOnWhenItsServerIsKilled)
{
    Elsewhere([] {
        Held held = StartPrivateHeld();
        const Held tied = StartPrivateHeld(MP_SPAWN_DIE_WITH_PARENT);
        const int server = ServerPid();
        kill(server, SIGKILL);
        const mp_exit exit = Wait(held.process.get());
        EXPECT_EQ(exit.how, MP_EXIT_LOST);
        const mp_exit tied_exit = Wait(tied.process.get());
        EXPECT_TRUE(tied_exit.how == MP_EXIT_LOST || tied_exit.value == SIGKILL) << tied_exit.value;
        EXPECT_TRUE(WaitGone(mp_process_pid(tied.process.get())));
        const int pid = mp_process_pid(held.process.get());
        EXPECT_EQ(kill(pid, 0), 0);
        // It can be ended, where a pidfd stands for it.
        if (mp_process_kill(held.process.get(), SIGKILL) != 0) held.hold.Close();
        EXPECT_TRUE(WaitGone(pid));
        const int next = ServerPid();
        EXPECT_NE(next, server);
        EXPECT_EQ(Wait(PrivateCommand("exit_code", {"7"}).Start().get()).value, 7);
    });
}

TEST(Private, DiesWithItsParentAlsoIfAnotherHoldsTheConnection)
{
    const Pipe out = MakePipe(), keep = MakePipe();
    // A process that starts a private child and forks, and is killed; the copy lives on.
    const pid_t parent = fork();
    if (parent == 0) {
        Command command = PrivateCommand("hold");
        command.Flags(MP_SPAWN_PRIVATE | MP_SPAWN_DIE_WITH_PARENT).Stdio(0, keep.read.get());
        Process process;
        if (command.Spawn(process) < 0) _exit(1);
        const int pid = mp_process_pid(process.get());
        if (fork() == 0) {
            char byte;
            close(keep.write.get());
            while (Receive(keep.read.get(), &byte, 1) > 0) {} // until the test ends
            _exit(0);
        }
        if (write(out.write.get(), &pid, sizeof(pid)) != sizeof(pid)) _exit(1);
        for (;;) pause();
    }
    int pid = 0;
    ASSERT_EQ(Read(out.read.get(), &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
    EXPECT_EQ(kill(pid, 0), 0);
    kill(parent, SIGKILL);
    WaitPid(parent, nullptr, 0);
    EXPECT_TRUE(WaitGone(pid));
}

int ParentOf(int pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    int parent = 0;
    file >> number >> name >> state >> parent;
    return parent;
}

TEST(Private, ServerEndsWithItsLastClient)
{
    Pipe in = MakePipe(), out = MakePipe();
    Command command = ChildCommand("parent", {"private", ChildPath("copy"), "0", "1"});
    const Process client = command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Start();
    int child = 0;
    char line[64] = {};
    ASSERT_GT(Read(out.read.get(), line, sizeof(line) - 1), 0);
    std::istringstream(line) >> child;
    const int server = ParentOf(child);
    EXPECT_EQ(kill(server, 0), 0);
    EXPECT_EQ(mp_process_kill(client.get(), SIGKILL), 0);
    EXPECT_EQ(Wait(client.get()).value, SIGKILL);
    EXPECT_TRUE(WaitGone(server));
    // The child that nobody asks for any more runs on.
    EXPECT_EQ(write(in.write.get(), "x", 1), 1);
    EXPECT_EQ(Read(out.read.get(), line, 1), 1);
}

TEST(Private, IsStartedAmongManyThreads)
{
    Elsewhere([] {
        kill(ServerPid(), SIGKILL);
        std::vector<std::thread> threads;
        std::atomic<int> right{0};
        for (int i = 0; i < 32; ++i) {
            threads.emplace_back([&right, i] {
                for (int round = 0; round < 20; ++round) {
                    Process process;
                    int r;
                    Command command = PrivateCommand("exit_code", {std::to_string(i)});
                    // The one that is just dying.
                    while ((r = command.Spawn(process)) == MP_ECONNRESET) {}
                    if (r == 0 && Wait(process.get()).value == i) ++right;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(right, 32 * 20);
    });
}

size_t MemoryKibOf(int pid)
{
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("VmRSS:", 0) == 0) return std::stoul(line.substr(6));
    }
    return 0;
}

size_t DescriptorsOf(int pid)
{
    const std::filesystem::directory_iterator fds("/proc/" + std::to_string(pid) + "/fd"), end;
    return static_cast<size_t>(std::distance(fds, end));
}

TEST(Private, ServerDoesNotGrow)
{
    const int server = ServerPid();
    const auto spawn = [](int count) {
        for (int i = 0; i < count; ++i) Wait(PrivateCommand("exit_code").Start().get());
    };
    spawn(1000);
    [[maybe_unused]] const size_t memory = MemoryKibOf(server);
    spawn(9000);
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) // which keep what is freed
    EXPECT_LE(MemoryKibOf(server), memory + 64);
#endif
    // Stdio, the connection, and a pipe for signals. It closes a child's socket after it has told the end.
    while (DescriptorsOf(server) != 6) std::this_thread::yield();
}

TEST(Private, TakesAnyNumbersForItsDescriptors)
{
    // Among them those at which the server has something of its own, and that which it would use next.
    for (int low = 4; low < 15; ++low) {
        for (int high = 15; high < 40; ++high) {
            SCOPED_TRACE(std::to_string(low) + ", " + std::to_string(high));
            Command command = ChildCommand("exit_code");
            for (int number = 3; number < low; ++number) command.Hand(0, number);
            Process process;
            mp_error error{};
            ASSERT_EQ(command.Hand(0, high).Flags(MP_SPAWN_PRIVATE).Spawn(process, &error), 0) << error.message;
            EXPECT_EQ(Wait(process.get()).value, 0);
        }
    }
}

TEST(Private, IsToldOfAlsoIfItDiesBeforeItsProgramRuns)
{
    Elsewhere([] {
        ASSERT_EQ(setpgid(0, 0), 0);
        signal(SIGINT, SIG_IGN);
        kill(ServerPid(), SIGKILL); // the next one is in this group
        std::atomic<bool> stop{false};
        std::thread interrupts([&] {
            while (!stop) {
                kill(0, SIGINT);
                std::this_thread::yield();
            }
        });
        for (int i = 0; i < 300; ++i) {
            Process process;
            if (PrivateCommand("exit_code").Spawn(process) < 0) continue;
            const mp_exit exit = Wait(process.get());
            EXPECT_TRUE(exit.how == MP_EXIT_EXITED || exit.value == SIGINT) << exit.how;
        }
        stop = true;
        interrupts.join();
    });
}

TEST(Private, KeepsNoLockWhenAWaitIsCancelled)
{
    Held held = StartPrivateHeld();
    pthread_t thread;
    const auto wait = [](void* process) -> void* {
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
        pthread_cancel(pthread_self());
        EXPECT_EQ(mp_process_wait(static_cast<mp_process*>(process), 0, nullptr, nullptr), MP_ETIMEDOUT);
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr); // a wait is no place to end at
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, nullptr, wait, held.process.get()), 0);
    pthread_join(thread, nullptr);
    held.hold.Close();
    EXPECT_EQ(Wait(held.process.get()).value, 0);
}

TEST(Private, IsTerminatedAlsoWhenItsServerIsGone)
{
    Elsewhere([] {
        const Pipe ready = MakePipe();
        Command command({"/bin/sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done"});
        const Process process =
            command.Stdio(1, ready.write.get()).Flags(MP_SPAWN_PRIVATE | MP_SPAWN_OWN_GROUP).Start();
        ASSERT_TRUE(WaitReadable(ready.read.get()));
        kill(ServerPid(), SIGKILL);
        EXPECT_EQ(Wait(process.get()).how, MP_EXIT_LOST);
        mp_exit exit;
        const int r = mp_process_terminate(process.get(), 10, &exit, nullptr);
        if (r != 0) {
            EXPECT_LT(r, 0); // without pidfds
            kill(-mp_process_pid(process.get()), SIGKILL);
        }
        EXPECT_TRUE(WaitGone(mp_process_pid(process.get())));
        (void)mp_process_kill_group(process.get(), SIGKILL);
    });
}

TEST(Private, GetsNoPrivilegesThatItsParentHasGivenUp)
{
    if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
    Elsewhere([] {
        // For a while, as its server is started; then for ever.
        ASSERT_EQ(seteuid(65534), 0);
        Command before = PrivateCommand("print_attributes");
        EXPECT_EQ(ParseLines(OutputOf(before))["uid"], "0 65534 65534");
        ASSERT_EQ(setresuid(0, 0, 0), 0);
        ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
        Command after = PrivateCommand("print_attributes");
        EXPECT_EQ(ParseLines(OutputOf(after))["uid"], "65534 65534 65534");
    });
}

TEST(Private, GetsNoCapabilitiesThatItsParentHasGivenUp)
{
    Elsewhere([] {
        StartSpawnServer();
        ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        Command command({"/bin/cat", "/proc/self/status"});
        const std::string status = OutputOf(command.Flags(MP_SPAWN_PRIVATE));
        EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos) << status;
    });
}

TEST(Private, IsNotStartedByAServerWithOtherPrivileges)
{
    if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
    Elsewhere([] {
        StartSpawnServer();
        ASSERT_EQ(setresgid(65534, 65534, 65534), 0);
        ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
        Command command = PrivateCommand("print_attributes");
        EXPECT_EQ(ParseLines(OutputOf(command))["uid"], "65534 65534 65534");
    });
}

//! A server, and the connection to it, by hand.
class HostilePeer : public testing::Test
{
protected:
    void SetUp() override
    {
        int ends[2];
        ASSERT_EQ(mp_priv_socket_pair_for_server(ends), 0);
        m_connection = Fd(ends[0]);
        const Fd end(ends[1]);
        m_server = Command({MP_TEST_SPAWN_SERVER, "3"}).Hand(end.get(), 3).Start();
    }
    void TearDown() override
    {
        // It serves others still, and ends with its last client.
        const Fd request = ask({MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_KILL, sizeof(mp_priv_kill), 0, 0});
        const mp_priv_kill nobody{UINT64_MAX, 9, 0};
        EXPECT_EQ(send(request.get(), &nobody, sizeof(nobody), MSG_NOSIGNAL), static_cast<ssize_t>(sizeof(nobody)));
        EXPECT_EQ(answer(request).error.status, MP_ESRCH);
        m_connection.Close();
        EXPECT_EQ(Wait(m_server.get()).value, 0);
        EXPECT_EQ(Wait(m_server.get()).how, MP_EXIT_EXITED);
    }

    //! The socket of a new request.
    Fd ask() const
    {
        mp_socket ours, theirs;
        EXPECT_EQ(mp_socket_pair(&ours, &theirs, nullptr), 0);
        const Fd end(theirs);
        EXPECT_EQ(mp_socket_send_fds(m_connection.get(), "", 1, &theirs, 1, nullptr), 1);
        return Fd(ours);
    }
    Fd ask(const mp_priv_request_head& head, const std::vector<int>& fds = {}) const
    {
        Fd request = ask();
        EXPECT_EQ(mp_socket_send_fds(request.get(), &head, sizeof(head), fds.data(), fds.size(), nullptr),
                  static_cast<int>(sizeof(head)));
        return request;
    }
    static mp_priv_reply answer(const Fd& request)
    {
        mp_priv_reply reply{};
        EXPECT_TRUE(WaitReadable(request.get()));
        EXPECT_EQ(recv(request.get(), &reply, sizeof(reply), MSG_WAITALL), static_cast<ssize_t>(sizeof(reply)));
        return reply;
    }
    //! What it says to a request to spawn with this body.
    int spawn(const std::vector<char>& body, const std::vector<int>& fds) const
    {
        const Fd request = ask({MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_SPAWN, static_cast<uint32_t>(body.size()),
                                static_cast<uint32_t>(fds.size()), 0},
                               fds);
        if (!body.empty()) (void)send(request.get(), body.data(), body.size(), MSG_NOSIGNAL);
        return answer(request).error.status;
    }
    const Fd& connection() const { return m_connection; }

private:
    Fd m_connection;
    Process m_server;
};

TEST_F(HostilePeer, SendsNoRequests)
{
    for (int i = 0; i < 100; ++i) EXPECT_EQ(send(connection().get(), "xyz", 3, MSG_NOSIGNAL), 3);
    const int two[] = {0, 1};
    EXPECT_EQ(mp_socket_send_fds(connection().get(), "x", 1, two, 2, nullptr), 1);
    // No socket at all.
    EXPECT_EQ(mp_socket_send_fds(connection().get(), "x", 1, two, 1, nullptr), 1);
}

TEST_F(HostilePeer, SendsHeadsThatAreNone)
{
    EXPECT_EQ(answer(ask({1, MP_PRIV_REQUEST_SPAWN, 0, 0, 0})).error.status, MP_EPROTO);
    EXPECT_EQ(answer(ask({MP_PRIV_REQUEST_MAGIC, 99, 0, 0, 0})).error.status, MP_ENOSYS);
    EXPECT_EQ(answer(ask({MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_SPAWN, UINT32_MAX, 0, 0})).error.status, MP_E2BIG);
    EXPECT_EQ(answer(ask({MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_SPAWN, 0, UINT32_MAX, 0})).error.status, MP_E2BIG);
    EXPECT_EQ(answer(ask({MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_SPAWN, 0, 3, 0})).error.status, MP_EPROTO);
    EXPECT_EQ(answer(ask({MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_KILL, 0, 0, 0})).error.status, MP_EPROTO);
    EXPECT_EQ(answer(ask({MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_SPAWN, 0, 0, 0})).error.status, MP_EPROTO);
}

TEST_F(HostilePeer, LeavesInTheMiddle)
{
    ask();
    ask({MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_SPAWN, 100, 0, 0});
    const Fd request = ask();
    EXPECT_EQ(send(request.get(), "mp", 2, MSG_NOSIGNAL), 2);
    // And one that goes on waiting, which keeps nobody else.
    const Fd waiting = ask();
    EXPECT_EQ(spawn({}, {}), MP_EPROTO);
}

TEST_F(HostilePeer, SendsBodiesThatLie)
{
    std::mt19937 random(7);
    for (int i = 0; i < 3000; ++i) {
        std::vector<char> body(random() % 300);
        // Mostly small numbers: those pass the first look.
        for (char& byte : body) byte = static_cast<char>(random() % 4 == 0 ? random() % 3 : 0);
        const int r = spawn(body, std::vector<int>(random() % 5, 0));
        EXPECT_LT(r, 0);
    }
}

} // namespace
} // namespace mp::test
