// A Unix socket's address without a name in the file system.
#ifndef MP_TEST_RPC_SUPPORT_ADDRESS_H
#define MP_TEST_RPC_SUPPORT_ADDRESS_H

#include <cerrno>
#include <gtest/gtest.h>
#include <mp/util.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>

namespace mp::test {

struct Address
{
    sockaddr_un name{};
    socklen_t size{sizeof(sockaddr_un)};

    //! A connected socket, accepted by the server or not.
    SocketId dial() const
    {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&name), size), 0);
        return fd;
    }

    //! Whether nobody listens there.
    bool refuses() const
    {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool refused =
            ::connect(fd, reinterpret_cast<const sockaddr*>(&name), size) != 0 && errno == ECONNREFUSED;
        CloseSocket(fd);
        return refused;
    }

    //! A listening socket at an address that the system chooses.
    SocketId listen()
    {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        name.sun_family = AF_UNIX;
        EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof(sa_family_t)), 0);
        EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size), 0);
        EXPECT_EQ(::listen(fd, 100), 0);
        return fd;
    }
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_ADDRESS_H
