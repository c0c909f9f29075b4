#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/listener.h>
#include <support/temp_dir.h>

namespace mp::test {
namespace {

//! What a service manager would have done: descriptors from 3 on, of which one is the socket.
class HandedOver
{
public:
    explicit HandedOver(int fd, int pid = getpid()) : m_fd(dup(fd))
    {
        std::string names;
        for (int other = 3; other < m_fd.get(); ++other) names += "other:";
        SetEnvironment("LISTEN_PID", std::to_string(pid).c_str());
        SetEnvironment("LISTEN_FDS", std::to_string(m_fd.get() - 2).c_str());
        SetEnvironment("LISTEN_FDNAMES", (names + "web").c_str());
    }
    ~HandedOver()
    {
        for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) SetEnvironment(name, nullptr);
    }
    HandedOver(const HandedOver&) = delete;
    HandedOver& operator=(const HandedOver&) = delete;

    int fd() const { return m_fd.get(); }
    std::string address() const { return "fd:" + std::to_string(m_fd.get()); }

private:
    Fd m_fd;
};

TEST(Inherited, IsListenedOnByNumberAndByName)
{
    const TempDir dir;
    const std::string path = "unix:" + (dir / "socket");
    const Listener manager = StartListener(path);
    const HandedOver handed_over(mp_listener_socket(manager.get()));
    for (const std::string& address : {handed_over.address(), std::string("fd:web")}) {
        const Listener listener = StartListener(address);
        EXPECT_EQ(mp_listener_address(listener.get()), path);
        EXPECT_EQ(fcntl(mp_listener_socket(listener.get()), F_GETFD), FD_CLOEXEC);
        EXPECT_EQ(fcntl(handed_over.fd(), F_GETFD), FD_CLOEXEC);
        ExpectServed(listener, path);
    }
    // It is not ours to remove.
    EXPECT_EQ(dir.names(), (std::set<std::string>{"socket", "socket.lock"}));
    ExpectServed(manager, path);
}

TEST(Inherited, TellsItsAddressWhateverItIs)
{
    for (const std::string& address :
         {std::string("tcp:127.0.0.1:0"), "unix-abstract:mp_" + std::to_string(getpid())}) {
        const Listener manager = StartListener(address);
        const HandedOver handed_over(mp_listener_socket(manager.get()));
        const Listener listener = StartListener("fd:web");
        EXPECT_STREQ(mp_listener_address(listener.get()), mp_listener_address(manager.get()));
        ExpectServed(listener, mp_listener_address(listener.get()));
    }
}

void ExpectRefused(const std::string& address, int status, const std::string& why)
{
    SCOPED_TRACE(address);
    Listener listener;
    mp_error error;
    EXPECT_EQ(Listen(address, listener, &error), status);
    EXPECT_EQ(error.message, "listen on '" + address + "': " + why);
}

TEST(Inherited, IsOnlyWhatWasHandedOverToThisProcess)
{
    const char* const nothing = "nothing was handed over to this process (LISTEN_PID)";
    const char* const unknown = "not among what was handed over (LISTEN_FDS, LISTEN_FDNAMES)";
    ExpectRefused("fd:3", MP_ENOENT, nothing);
    const Listener manager = StartListener("tcp:127.0.0.1:0");
    const int fd = mp_listener_socket(manager.get());
    {
        const HandedOver somebody_else(fd, getppid());
        ExpectRefused(somebody_else.address(), MP_ENOENT, nothing);
    }
    const HandedOver handed_over(fd);
    for (const char* name : {"fd:2", "fd:0", "fd:-1", "fd:we", "fd:webb", "fd:9999999999"}) {
        ExpectRefused(name, MP_ENOENT, unknown);
    }
    ExpectRefused("fd:" + std::to_string(handed_over.fd() + 1), MP_ENOENT, unknown);
    SetEnvironment("LISTEN_FDS", "many");
    ExpectRefused("fd:web", MP_ENOENT, unknown);
    SetEnvironment("LISTEN_FDS", nullptr);
    ExpectRefused("fd:web", MP_ENOENT, unknown);
}

TEST(Inherited, HasToListenToAStream)
{
    const Fd stream(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Fd datagram(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (const int fd : {stream.get(), datagram.get()}) {
        const HandedOver handed_over(fd);
        ExpectRefused("fd:web", MP_EPROTOTYPE, "no listening stream socket");
    }
    const Pipe pipe = MakePipe();
    const HandedOver no_socket(pipe.read.get());
    ExpectRefused("fd:web", MP_ENOTSOCK, "Socket operation on non-socket");
    SetEnvironment("LISTEN_FDS", "2000");
    ExpectRefused("fd:2000", MP_EBADF, "Bad file descriptor");
}

} // namespace
} // namespace mp::test
