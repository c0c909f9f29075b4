#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/fault.h>
#include <support/listener.h>
#include <support/process_state.h>
#include <support/temp_dir.h>

namespace mp::test {
namespace {

int Option(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof(value);
    EXPECT_EQ(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

TEST(Address, SocketsAreBlockingAndCloseOnExec)
{
    const TempDir dir;
    for (const std::string& address : {"unix:" + (dir / "socket"), std::string("tcp:127.0.0.1:0")}) {
        const Listener listener = StartListener(address);
        const Socket client = StartConnection(mp_listener_address(listener.get()));
        for (const int fd : {mp_listener_socket(listener.get()), client.get()}) {
            EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
            EXPECT_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        }
    }
}

TEST(Address, KeepsErrno)
{
    errno = 5;
    Listener listener;
    EXPECT_EQ(Listen("unix:/no/such/directory/socket", listener), MP_ENOENT);
    Socket socket;
    EXPECT_EQ(Connect("tcp:127.0.0.1:1", socket), MP_ECONNREFUSED);
    EXPECT_EQ(errno, 5);
}

TEST(Tcp, BothSidesSendWithoutDelay)
{
    const Listener listener = StartListener("tcp:127.0.0.1:0");
    const Socket client = StartConnection(mp_listener_address(listener.get()));
    const Socket server(Accept(mp_listener_socket(listener.get())));
    EXPECT_NE(Option(client.get(), IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_NE(Option(server.get(), IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST(Tcp, BracketsAreIpv6AloneAndAnyIsBoth)
{
    Listener v6;
    const int r = Listen("tcp:[::]:0", v6);
    if (r == MP_EADDRNOTAVAIL || r == MP_EAFNOSUPPORT) GTEST_SKIP() << "no IPv6";
    ASSERT_EQ(r, 0);
    std::string address = mp_listener_address(v6.get());
    std::string port = address.substr(address.rfind(':'));
    EXPECT_EQ(address, "tcp:[::]" + port);
    ExpectServed(v6, "tcp:[::1]" + port);
    Socket socket;
    EXPECT_EQ(Connect("tcp:127.0.0.1" + port, socket), MP_ECONNREFUSED);
    const Listener any = StartListener("tcp:*:0");
    address = mp_listener_address(any.get());
    port = address.substr(address.rfind(':'));
    ExpectServed(any, "tcp:[::1]" + port);
    ExpectServed(any, "tcp:127.0.0.1" + port);
}

TEST(Tcp, AnyIsIpv4WhereThereIsNoIpv6)
{
    for (const char* call : {"make_socket", "bind"}) {
        const Fault fault(call, 1, call[0] == 'b' ? EADDRNOTAVAIL : EAFNOSUPPORT);
        const Listener listener = StartListener("tcp:*:0");
        EXPECT_EQ(Fault::failed_call(), call);
        EXPECT_EQ(std::string(mp_listener_address(listener.get())).rfind("tcp:0.0.0.0:", 0), 0U);
    }
    // What is in use is not to be had by half.
    const Fault fault("bind", 1, EADDRINUSE);
    Listener listener;
    EXPECT_EQ(Listen("tcp:*:0", listener), MP_EADDRINUSE);
}

TEST(Tcp, HostsThatAreUnknownAreSaidToBe)
{
    for (const auto& [err, why] : {std::pair{ENOENT, "no such host"}, {EAGAIN, "Resource temporarily unavailable"}}) {
        mp_error error;
        Listener listener;
        Socket socket;
        {
            const Fault fault("resolve", 1, err);
            EXPECT_EQ(Listen("tcp:name:1", listener, &error), -err);
            EXPECT_EQ(error.message, std::string("listen on 'tcp:name:1': ") + why);
        }
        const Fault fault("resolve", 1, err);
        EXPECT_EQ(Connect("tcp:name:1", socket, 0, &error), -err);
        EXPECT_EQ(error.message, std::string("connect to 'tcp:name:1': ") + why);
    }
}

//! Until nobody more gets in.
std::vector<Socket> Fill(const std::string& address, int timeout_ms)
{
    std::vector<Socket> waiting;
    for (;;) {
        Socket socket;
        const int r = Connect(address, socket, timeout_ms);
        if (r < 0) {
            EXPECT_EQ(r, MP_ETIMEDOUT);
            return waiting;
        }
        waiting.push_back(std::move(socket));
    }
}

TEST(Connect, WaitsForRoomInTheQueueOfAUnixSocketUntilTheLimit)
{
    using Clock = std::chrono::steady_clock;
    const TempDir dir;
    const std::string address = "unix:" + (dir / "socket");
    const Listener listener = StartListener(address, 1);
    const auto waiting = Fill(address, 0);
    EXPECT_GE(waiting.size(), 1U);
    Socket socket;
    mp_error error;
    const auto start = Clock::now();
    EXPECT_EQ(Connect(address, socket, 50, &error), MP_ETIMEDOUT);
    EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(50));
    EXPECT_EQ(error.message, "connect to '" + address + "': Timed out");
    for (const int timeout : {-1, DEADLINE_MS}) {
        std::thread client([&] { EXPECT_EQ(Connect(address, socket, timeout), 0); });
        const Socket accepted(Accept(mp_listener_socket(listener.get())));
        client.join();
        // The limit was for connecting.
        timeval limit{};
        socklen_t size = sizeof(limit);
        EXPECT_EQ(getsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, &size), 0);
        EXPECT_EQ(limit.tv_sec * 1000000 + limit.tv_usec, 0);
        EXPECT_EQ(fcntl(socket.get(), F_GETFL) & O_NONBLOCK, 0);
    }
}

TEST(Connect, EndsWhenTheListenerDoesWhoseQueueIsFull)
{
    const TempDir dir;
    const std::string address = "unix:" + (dir / "socket");
    Listener listener = StartListener(address, 1);
    const auto waiting = Fill(address, 0);
    std::thread client([&] {
        Socket socket;
        const int r = Connect(address, socket, DEADLINE_MS);
        EXPECT_TRUE(r == MP_ECONNREFUSED || r == MP_ENOENT) << r;
    });
    listener.reset();
    client.join();
}

TEST(Connect, ToTcpEndsAtTheLimit)
{
    const Listener listener = StartListener("tcp:127.0.0.1:0", 1);
    const std::string address = mp_listener_address(listener.get());
    const auto waiting = Fill(address, 200);
    EXPECT_GE(waiting.size(), 1U);
}

TEST(Connect, TriesAnAddressAfterTheOther)
{
    // Whichever of its addresses localhost has first, the listener has one.
    const Listener listener = StartListener("tcp:127.0.0.1:0");
    const std::string address = mp_listener_address(listener.get());
    ExpectServed(listener, "tcp:localhost" + address.substr(address.rfind(':')));
}

//! In a network of its own, in which there is one port to connect from.
bool EnterNetworkWithOnePort(const char* port)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    const Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    if (ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) return false;
    std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
    return static_cast<bool>(range << port << " " << port << std::endl);
}

TEST(Connect, DoesNotReachItself)
{
    constexpr int NO_NETWORK = 2;
    const pid_t pid = fork();
    if (pid == 0) {
        if (!EnterNetworkWithOnePort("40001")) _exit(NO_NETWORK);
        mp_socket socket;
        _exit(mp_socket_connect("tcp:127.0.0.1:40001", DEADLINE_MS, &socket, nullptr) == MP_ECONNREFUSED ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(WaitPid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_NETWORK) GTEST_SKIP() << "no network namespaces for this user";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Connect, GoesOnAfterAnInterruption)
{
    const TempDir dir;
    for (const std::string& address : {"unix:" + (dir / "socket"), std::string("tcp:127.0.0.1:0")}) {
        const Listener listener = StartListener(address);
        const Fault fault("connect", 1, EINTR);
        ExpectServed(listener, mp_listener_address(listener.get()));
        EXPECT_EQ(Fault::calls(), 2);
    }
}

TEST(Abstract, IsServedAndGoneWithItsListener)
{
    const std::string address = "unix-abstract:mp_test_" + std::to_string(getpid());
    Listener listener = StartListener(address);
    EXPECT_EQ(mp_listener_address(listener.get()), address);
    ExpectServed(listener, address);
    Listener second;
    mp_error error;
    EXPECT_EQ(Listen(address, second, &error), MP_EADDRINUSE);
    EXPECT_EQ(error.message, "listen on '" + address + "': Address already in use");
    listener.reset();
    Socket socket;
    EXPECT_EQ(Connect(address, socket), MP_ECONNREFUSED);
    EXPECT_EQ(Listen("unix-abstract:" + std::string(107, 'x'), listener), 0);
    ExpectServed(listener, "unix-abstract:" + std::string(107, 'x'));
    EXPECT_EQ(Listen("unix-abstract:" + std::string(108, 'x'), second), MP_ENAMETOOLONG);
    EXPECT_EQ(Connect("unix-abstract:" + std::string(108, 'x'), socket), MP_ENAMETOOLONG);
}

TEST(Connect, TellsWhyNot)
{
    const TempDir dir;
    Socket socket;
    mp_error error;
    EXPECT_EQ(Connect("unix:" + (dir / "none"), socket, 0, &error), MP_ENOENT);
    EXPECT_EQ(error.message, "connect to 'unix:" + (dir / "none") + "': No such file or directory");
    EXPECT_EQ(error.system_code, ENOENT);
    EXPECT_EQ(Connect("unix:/no/such/directory/socket", socket, 0, &error), MP_ENOENT);
    EXPECT_EQ(Connect("unix:" + dir.path() + "/", socket, 0, &error), MP_EINVAL);
    Fd(open((dir / "file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    EXPECT_EQ(Connect("unix:" + (dir / "file"), socket, 0, &error), MP_ECONNREFUSED);
}

} // namespace
} // namespace mp::test
