#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/socket_pair.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Socket, PairIsConnectedBlockingAndCloseOnExec)
{
    const Pair pair;
    char byte = 0;
    EXPECT_EQ(write(pair.first.get(), "x", 1), 1);
    EXPECT_EQ(Read(pair.second.get(), &byte, 1), 1);
    EXPECT_EQ(write(pair.second.get(), "y", 1), 1);
    EXPECT_EQ(Read(pair.first.get(), &byte, 1), 1);
    for (const int fd : {pair.first.get(), pair.second.get()}) {
        EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
        EXPECT_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    }
}

TEST(Socket, CloseTakesInvalidAndReportsErrors)
{
    EXPECT_EQ(mp_socket_close(MP_SOCKET_INVALID), 0);
    errno = 5;
    EXPECT_EQ(mp_socket_close(987), MP_EBADF);
    EXPECT_EQ(errno, 5);
    Pair pair;
    EXPECT_EQ(mp_socket_close(pair.first.Release()), 0);
    char byte;
    EXPECT_EQ(Read(pair.second.get(), &byte, 1), 0);
}

TEST(Socket, NonblockingModeIsSetAndTakenBack)
{
    const Pair pair;
    char byte;
    EXPECT_EQ(mp_socket_set_nonblocking(pair.first.get(), 1, nullptr), 0);
    EXPECT_EQ(Receive(pair.first.get(), &byte, 1), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(mp_socket_set_nonblocking(pair.first.get(), 0, nullptr), 0);
    EXPECT_EQ(fcntl(pair.first.get(), F_GETFL) & O_NONBLOCK, 0);
    mp_error error;
    EXPECT_EQ(mp_socket_set_nonblocking(987, 1, &error), MP_EBADF);
    EXPECT_STREQ(error.message, "set blocking mode of socket 987: Bad file descriptor");
}

TEST(Socket, PeerOfAPairIsThisProcess)
{
    const Pair pair;
    mp_peer peer;
    ASSERT_EQ(mp_socket_peer(pair.first.get(), &peer, nullptr), 0);
    EXPECT_EQ(peer.pid, getpid());
    EXPECT_EQ(peer.uid, geteuid());
    EXPECT_EQ(peer.gid, getegid());
}

TEST(Socket, PeerRefusesWhatHasNone)
{
    mp_peer peer;
    mp_error error;
    const Fd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(mp_socket_peer(tcp.get(), &peer, &error), MP_ENOTSUP);
    const Fd lonely(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(mp_socket_peer(lonely.get(), &peer, &error), MP_ENOTCONN);
    const Pipe pipe = MakePipe();
    EXPECT_EQ(mp_socket_peer(pipe.read.get(), &peer, &error), MP_ENOTSOCK);
    EXPECT_EQ(mp_socket_peer(987, &peer, &error), MP_EBADF);
    EXPECT_STREQ(error.message, "peer of socket 987: Bad file descriptor");
    EXPECT_EQ(mp_socket_peer(lonely.get(), nullptr, &error), MP_EINVAL);
}

TEST(Handle, DuplicateIsCloseOnExec)
{
    const Pipe pipe = MakePipe();
    mp_handle copy = MP_HANDLE_INVALID;
    ASSERT_EQ(mp_handle_duplicate(pipe.read.get(), &copy, nullptr), 0);
    EXPECT_NE(copy, pipe.read.get());
    EXPECT_EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(mp_handle_close(copy), 0);
    mp_error error;
    EXPECT_EQ(mp_handle_duplicate(987, &copy, &error), MP_EBADF);
    EXPECT_STREQ(error.message, "duplicate descriptor 987: Bad file descriptor");
    EXPECT_EQ(mp_handle_close(MP_HANDLE_INVALID), 0);
    EXPECT_EQ(mp_handle_close(987), MP_EBADF);
}

} // namespace
} // namespace mp::test
