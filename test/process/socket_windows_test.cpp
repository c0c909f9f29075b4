#include <winsock2.h>

#include <windows.h>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

constexpr mp_socket NO_SOCKET = 0x7ffffff0;
const mp_handle NO_HANDLE = reinterpret_cast<mp_handle>(static_cast<uintptr_t>(0x7ffffff0));

TEST(Socket, ErrorsNameTheSocket)
{
    mp_error error;
    EXPECT_EQ(mp_socket_close(NO_SOCKET), MP_ENOTSOCK);
    EXPECT_EQ(mp_socket_set_nonblocking(NO_SOCKET, 1, &error), MP_ENOTSOCK);
    EXPECT_STREQ(error.message, "set blocking mode of socket 2147483632: Socket operation on non-socket");
    EXPECT_EQ(error.system_code, WSAENOTSOCK);
}

TEST(Socket, HasNoPeerToTell)
{
    mp_socket first, second;
    ASSERT_EQ(mp_socket_pair(&first, &second, nullptr), 0);
    const Socket a(first), b(second), unbound(socket(AF_INET, SOCK_STREAM, 0));
    mp_peer peer;
    mp_error error;
    EXPECT_EQ(mp_socket_peer(first, &peer, &error), MP_ENOTSUP);
    EXPECT_EQ(error.message, "peer of socket " + std::to_string(first) + ": not a local socket");
    EXPECT_EQ(mp_socket_peer(unbound.get(), &peer, nullptr), MP_ENOTSUP);
    EXPECT_EQ(mp_socket_peer(NO_SOCKET, &peer, nullptr), MP_ENOTSOCK);
    EXPECT_EQ(mp_socket_peer(first, nullptr, nullptr), MP_EINVAL);
}

TEST(Socket, CarriesNoDescriptors)
{
    mp_socket first, second;
    ASSERT_EQ(mp_socket_pair(&first, &second, nullptr), 0);
    const Socket a(first), b(second);
    char byte = 'x';
    size_t n_fds = 0;
    mp_handle handle;
    mp_error error;
    EXPECT_EQ(mp_socket_send_fds(first, &byte, 1, nullptr, 0, &error), MP_ENOTSUP);
    EXPECT_EQ(error.status, MP_ENOTSUP);
    EXPECT_EQ(mp_socket_receive_fds(second, &byte, 1, &handle, 1, &n_fds, &error), MP_ENOTSUP);
}

TEST(Handle, IsDuplicatedAndClosed)
{
    const Pipe pipe = MakePipe();
    mp_handle copy = nullptr;
    ASSERT_EQ(mp_handle_duplicate(pipe.read.get(), &copy, nullptr), 0);
    EXPECT_NE(copy, pipe.read.get());
    EXPECT_EQ(mp_handle_close(copy), 0);
    EXPECT_EQ(mp_handle_close(MP_HANDLE_INVALID), 0);
    EXPECT_EQ(mp_handle_close(NO_HANDLE), MP_EBADF);
    mp_error error;
    EXPECT_EQ(mp_handle_duplicate(NO_HANDLE, &copy, &error), MP_EBADF);
    EXPECT_EQ(error.system_code, ERROR_INVALID_HANDLE);
    EXPECT_EQ(mp_handle_duplicate(nullptr, &copy, nullptr), MP_EBADF);
    EXPECT_EQ(mp_handle_duplicate(MP_HANDLE_INVALID, &copy, nullptr), MP_EBADF); // stands for this process elsewhere
    EXPECT_EQ(mp_handle_duplicate(pipe.read.get(), nullptr, nullptr), MP_EINVAL);
}

} // namespace
} // namespace mp::test
