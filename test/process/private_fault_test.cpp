// Private children when something around them goes wrong.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <mp/process/sys.h>
#include <support/private.h>
#include <support/process_state.h>

namespace mp::test {
namespace {

struct mp_priv_sys g_real;

//! In a process of its own, where nothing has to be put back.
void Elsewhere(struct mp_priv_sys& sys, const std::function<void()>& body)
{
    test::Elsewhere([&] {
        g_real = sys;
        body();
    });
}

std::atomic<int> g_pairs_until_fork{0};
void (*g_make_somebody_fork)();
Pipe* g_ask;
Pipe* g_done;
Pipe* g_until;

//! Somebody forks as soon as a pair is there.
int PairDuringWhichSomebodyForks(int fd[2])
{
    const int r = g_real.make_socketpair(fd);
    if (r == 0 && --g_pairs_until_fork == 0) g_make_somebody_fork();
    return r;
}

//! The copy stays until the process ends.
void ForkOne()
{
    const int before = errno;
    const pid_t copy = fork();
    if (copy == 0) {
        char byte;
        close(g_until->write.get());
        while (Receive(g_until->read.get(), &byte, 1) > 0) {}
        _exit(0);
    }
    EXPECT_GT(copy, 0);
    errno = before;
}

void ForkWhenAsked()
{
    char byte;
    ASSERT_EQ(Read(g_ask->read.get(), &byte, 1), 1);
    ForkOne();
    EXPECT_EQ(write(g_done->write.get(), "", 1), 1);
}

//! And give it the time to.
void AskToFork()
{
    char byte;
    EXPECT_EQ(write(g_ask->write.get(), "", 1), 1);
    if (WaitReadable(g_done->read.get(), 300)) {
        EXPECT_EQ(Read(g_done->read.get(), &byte, 1), 1);
    }
}

void EndServer()
{
    const int server = ServerPid();
    kill(server, SIGKILL);
    EXPECT_TRUE(WaitGone(server));
}

//! @param await_fork  returns when the copy has been made, which would take along what is made later
void ForkDuring(bool at_start_of_server, const std::function<void()>& await_fork)
{
    Pipe until = MakePipe();
    g_until = &until;
    if (at_start_of_server) EndServer();
    mp_priv_sys.make_socketpair = PairDuringWhichSomebodyForks;
    // The first one is a request to the server that has ended.
    g_pairs_until_fork = at_start_of_server ? 2 : 1;
    Held held = StartPrivateHeld();
    EXPECT_LE(g_pairs_until_fork, 0);
    await_fork();
    EndServer();
    EXPECT_EQ(mp_process_wait(held.process.get(), DEADLINE_MS, nullptr, nullptr), 0);
    EXPECT_EQ(Wait(PrivateCommand("exit_code", {"7"}).Start().get()).value, 7);
}

void ForkInAnotherThreadDuring(bool at_start_of_server)
{
    Pipe ask = MakePipe(), done = MakePipe();
    g_ask = &ask;
    g_done = &done;
    g_make_somebody_fork = AskToFork;
    std::thread forker(ForkWhenAsked);
    ForkDuring(at_start_of_server, [&] { forker.join(); });
}

//! As profilers and crash reporters do.
void ForkInAHandlerDuring(bool at_start_of_server)
{
    signal(SIGUSR1, [](int) { ForkOne(); });
    g_make_somebody_fork = [] { raise(SIGUSR1); };
    ForkDuring(at_start_of_server, [] {});
}

TEST(PrivateFault, ForkDuringARequestKeepsNothingOfTheServersOpen)
{
    Elsewhere(mp_priv_sys, [] { ForkInAnotherThreadDuring(false); });
    Elsewhere(mp_priv_sys, [] { ForkInAHandlerDuring(false); });
}

TEST(PrivateFault, ForkDuringTheServersStartKeepsNothingOfItOpen)
{
    Elsewhere(mp_priv_sys, [] { ForkInAnotherThreadDuring(true); });
    Elsewhere(mp_priv_sys, [] { ForkInAHandlerDuring(true); });
}

std::atomic<int> g_untold{0};

//! The system tells when the child's new parent has reaped it.
int ExitThatComesLate(int, struct mp_exit* ret_exit)
{
    if (g_untold-- > 0) {
        errno = ESRCH;
        return -1;
    }
    *ret_exit = {};
    ret_exit->value = 7;
    return 0;
}

TEST(PrivateFault, StatusIsNotLostIfTheSystemTellsItAMomentLater)
{
    Elsewhere(mp_priv_sys, [] {
        Held held = StartPrivateHeld();
        const Fd pidfd(mp_priv_sys.pidfd_open(mp_process_pid(held.process.get())));
        if (pidfd.get() < 0) return; // nothing else would tell
        const int server = ServerPid();
        g_untold = 3;
        mp_priv_sys.pidfd_exit = ExitThatComesLate;
        kill(server, SIGSTOP);
        held.hold.Close();
        EXPECT_TRUE(WaitReadable(pidfd.get()));
        kill(server, SIGKILL);
        const mp_exit exit = Wait(held.process.get());
        EXPECT_EQ(exit.how, MP_EXIT_EXITED);
        EXPECT_EQ(exit.value, 7);
    });
}

int NoDirectory(const char*)
{
    errno = EACCES;
    return -1;
}

TEST(PrivateFault, OwnDirectoryMattersOnlyIfTheChildIsToBeThere)
{
    Elsewhere(mp_priv_sys, [] {
        mp_priv_sys.open_dir = NoDirectory;
        Command there = PrivateCommand("exit_code", {"7"}), here = PrivateCommand("exit_code", {"7"});
        EXPECT_EQ(Wait(there.Cwd("/").Start().get()).value, 7);
        Process process;
        mp_error error{};
        EXPECT_EQ(here.Spawn(process, &error), MP_EACCES);
        EXPECT_EQ(error.stage, MP_STAGE_CHDIR);
    });
}

TEST(PrivateFault, ConnectionThatTheApplicationClosesIsMadeAgain)
{
    Elsewhere(mp_priv_sys, [] {
        Held held = StartPrivateHeld();
        for (const auto& [fd, target] : Descriptors()) {
            const bool is_own = fd < 3 || fd == held.hold.get() || fd == mp_process_exit_fd(held.process.get());
            if (!is_own && target.starts_with("socket:")) close(fd);
        }
        // Strangers take the numbers, and must not be written to or closed.
        int strangers[2];
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, strangers), 0);
        EXPECT_EQ(Wait(PrivateCommand("exit_code", {"7"}).Start().get()).value, 7);
        held.hold.Close();
        EXPECT_EQ(Wait(held.process.get()).value, 0);
        held.process.reset();
        for (const int fd : strangers) {
            EXPECT_FALSE(WaitReadable(fd, 0));
            EXPECT_NE(fcntl(fd, F_GETFD), -1);
        }
    });
}

} // namespace
} // namespace mp::test
