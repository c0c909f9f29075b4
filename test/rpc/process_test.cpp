// The process functions of C++: what they add to the process layer, which has tests of its own.
#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <kj/exception.h>
#include <mp/util.h>
#include <mutex>
#include <rpc/support/errors.h>
#include <rpc/support/signal.h>
#include <support/process_state.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace mp::test {
namespace {

std::vector<std::string> Shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

//! What is read until the other side has closed.
std::string ReadAll(SocketId socket)
{
    std::string all;
    char buffer[64];
    ssize_t n;
    while ((n = read(socket, buffer, sizeof(buffer))) > 0) all.append(buffer, static_cast<size_t>(n));
    EXPECT_EQ(n, 0);
    CloseSocket(socket);
    return all;
}

TEST(SpawnProcess, AsksForTheArgumentsOnceInTheParentBeforeItForks)
{
    std::mutex mutex;
    Signal locked;
    Signal called;
    std::thread holder([&] {
        const std::lock_guard lock(mutex);
        locked.set();
        EXPECT_TRUE(called.wait());
    });
    ASSERT_TRUE(locked.wait());
    const pid_t parent = getpid();
    const auto children = Children();
    int calls = 0;
    const auto [pid, socket] = SpawnProcess([&](SpawnConnectInfo info) {
        ++calls;
        EXPECT_EQ(getpid(), parent);
        EXPECT_EQ(Children(), children);
        EXPECT_EQ(info, std::to_string(std::stoi(info)));
        called.set();
        // In a forked process nobody would release it.
        const std::lock_guard lock(mutex);
        return std::vector<std::string>{"true"};
    });
    holder.join();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(fcntl(socket, F_GETFD), FD_CLOEXEC);
    // The end of the child is the end of the stream: nobody else has its socket.
    EXPECT_EQ(ReadAll(socket), "");
    EXPECT_EQ(WaitProcess(pid), 0);
}

TEST(SpawnProcess, ThrowsWhatTheCallbackThrows)
{
    EXPECT_THROW(SpawnProcess([](const std::string&) -> std::vector<std::string> { throw std::out_of_range("x"); }),
                 std::out_of_range);
}

TEST(SpawnProcess, NamesAProgramThatIsMissing)
{
    const auto children = Children();
    try {
        SpawnProcess([](const std::string& info) { return std::vector<std::string>{"/no/such/program", info}; });
        FAIL() << "no exception";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::error_code(ENOENT, std::system_category()));
        EXPECT_NE(std::string(e.what()).find("/no/such/program"), std::string::npos) << e.what();
    }
    EXPECT_EQ(Children(), children);
}

TEST(SpawnProcess, NeedsArguments)
{
    EXPECT_THROW(SpawnProcess([](const std::string&) { return std::vector<std::string>(); }), std::system_error);
}

#if !defined(__SANITIZE_ADDRESS__)
// The undefined behaviour sanitizer, which comes with this one, needs descriptors of its own and dies without.
TEST(SpawnProcess, FailsWithoutDescriptors)
{
    rlimit limit;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit none{0, limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    std::string pair_error;
    try {
        SocketPair();
    } catch (const kj::Exception& e) {
        pair_error = e.getDescription().cStr();
    }
    bool called = false;
    const std::string spawn_error = ErrorOf([&] {
        SpawnProcess([&](const std::string&) {
            called = true;
            return std::vector<std::string>{"true"};
        });
    });
    setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(pair_error.find("socketpair: Too many open files"), 0u) << pair_error;
    EXPECT_NE(spawn_error.find("Too many open files"), std::string::npos) << spawn_error;
    EXPECT_FALSE(called);
}
#endif

TEST(SocketPairs, AreConnectedAndNotInherited)
{
    const auto sockets = SocketPair();
    for (const SocketId socket : sockets) {
        int type = 0;
        int domain = 0;
        socklen_t size = sizeof(int);
        EXPECT_EQ(getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size), 0);
        EXPECT_EQ(getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size), 0);
        EXPECT_EQ(type, SOCK_STREAM);
        EXPECT_EQ(domain, AF_UNIX);
        EXPECT_EQ(fcntl(socket, F_GETFD), FD_CLOEXEC);
    }
    ASSERT_EQ(write(sockets[0], "x", 1), 1);
    CloseSocket(sockets[0]);
    EXPECT_EQ(ReadAll(sockets[1]), "x");
    EXPECT_THROW(CloseSocket(sockets[0]), kj::Exception);
}

TEST(StartSpawnedProcess, TakesTheSocketThatItIsTold)
{
    const auto sockets = SocketPair();
    EXPECT_EQ(StartSpawned(std::to_string(sockets[0])), sockets[0]);
    CloseSocket(sockets[0]);
    CloseSocket(sockets[1]);
}

TEST(StartSpawnedProcess, RefusesWhatIsNoDescriptorNumber)
{
    for (const std::string info : {"abc", "", "12abc", "-1", "2147483648", "99999999999999999999"}) {
        try {
            StartSpawned(info);
            ADD_FAILURE() << info;
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::error_code(EINVAL, std::system_category()));
            EXPECT_EQ(e.what(), "StartSpawned: invalid connect_info '" + info + "': Invalid argument");
        }
    }
}

TEST(StartProcessWithoutSocket, SearchesPathAndInheritsAll)
{
    int fds[2];
    ASSERT_EQ(pipe(fds), 0);
    setenv("MP_TEST_VALUE", "inherited", 1);
    const ProcessId pid = StartProcess({"sh", "-c", "echo $MP_TEST_VALUE >/dev/fd/" + std::to_string(fds[1])});
    unsetenv("MP_TEST_VALUE");
    close(fds[1]);
    EXPECT_EQ(WaitProcess(pid), 0);
    EXPECT_EQ(ReadAll(fds[0]), "inherited\n");
}

TEST(StartProcessWithoutSocket, NamesAProgramThatIsMissing)
{
    try {
        StartProcess({"/no/such/exe", "argument"});
        FAIL() << "no exception";
    } catch (const kj::Exception& e) {
        EXPECT_NE(std::string(kj::str(e).cStr())
                      .find("failed: posix_spawnp: No such file or directory; args.front() = /no/such/exe"),
                  std::string::npos)
            << kj::str(e).cStr();
    }
    EXPECT_THROW(StartProcess({}), kj::Exception);
}

TEST(WaitForProcess, ReturnsTheRawStatus)
{
    EXPECT_EQ(WaitProcess(StartProcess(Shell("exit 3"))), 768);
    const int killed = WaitProcess(StartProcess(Shell("kill -9 $$")));
    EXPECT_TRUE(WIFSIGNALED(killed));
    EXPECT_EQ(WTERMSIG(killed), SIGKILL);
}

TEST(WaitForProcess, RefusesAProcessThatIsNoChild)
{
    const ProcessId pid = StartProcess({"true"});
    EXPECT_EQ(WaitProcess(pid), 0);
    try {
        WaitProcess(pid);
        FAIL() << "no exception";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::error_code(ECHILD, std::system_category()));
        EXPECT_STREQ(e.what(), "waitpid: No child processes");
    }
}

TEST(WaitForProcess, SurvivesSignals)
{
    struct sigaction action
    {
    };
    struct sigaction old
    {
    };
    action.sa_handler = [](int) {};
    ASSERT_EQ(sigaction(SIGUSR1, &action, &old), 0);
    int fds[2];
    ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
    fcntl(fds[0], F_SETFD, 0);
    const ProcessId pid = StartProcess(Shell("read line </dev/fd/" + std::to_string(fds[0]) + "; exit 5"));
    close(fds[0]);
    int status = -1;
    std::thread waiter([&] { status = WaitProcess(pid); });
    for (int i = 0; i < 1000; ++i) pthread_kill(waiter.native_handle(), SIGUSR1);
    close(fds[1]);
    waiter.join();
    EXPECT_EQ(WEXITSTATUS(status), 5);
    sigaction(SIGUSR1, &old, nullptr);
}

} // namespace
} // namespace mp::test
