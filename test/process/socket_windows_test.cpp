#include <winsock2.h>

#include <windows.h>

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include <support/process_state.h>
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

//! Connects once to each socket that listens in this process, as any process may.
class Intruder
{
public:
    void Connect()
    {
        for (const auto& [number, type] : Descriptors()) {
            const auto listener = static_cast<SOCKET>(number);
            BOOL listens = FALSE;
            sockaddr_in address;
            int size = sizeof(listens), address_size = sizeof(address);
            if (type != "File" ||
                getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, reinterpret_cast<char*>(&listens), &size) != 0 ||
                !listens || getsockname(listener, reinterpret_cast<sockaddr*>(&address), &address_size) != 0 ||
                address.sin_port == m_last) {
                continue;
            }
            m_last = address.sin_port;
            const Socket stranger(socket(AF_INET, SOCK_STREAM, 0));
            m_connected += connect(stranger.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
        }
    }
    int connected() const { return m_connected; }

private:
    u_short m_last{0};
    std::atomic<int> m_connected{0};
};

TEST(SocketPair, AcceptsNoStranger)
{
    Intruder intruder;
    std::jthread thread([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) intruder.Connect();
    });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(DEADLINE_MS);
    for (char byte = 0, got; intruder.connected() < 20 && std::chrono::steady_clock::now() < deadline; ++byte) {
        mp_socket first, second;
        mp_error error = {};
        ASSERT_EQ(mp_socket_pair(&first, &second, &error), 0) << error.message;
        const Socket a(first), b(second);
        ASSERT_EQ(Send(first, &byte, 1), 1);
        ASSERT_TRUE(WaitReadable(second));
        ASSERT_EQ(Receive(second, &got, 1), 1);
        ASSERT_EQ(got, byte);
    }
    EXPECT_GE(intruder.connected(), 20);
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
