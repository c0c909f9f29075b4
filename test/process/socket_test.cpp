#include <thread>

#include <gtest/gtest.h>

#include <support/socket_pair.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(SocketPair, IsConnectedBothWays)
{
    const Pair pair;
    char byte = 0;
    EXPECT_EQ(Send(pair.first.get(), "x", 1), 1);
    EXPECT_EQ(Receive(pair.second.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    EXPECT_EQ(Send(pair.second.get(), "y", 1), 1);
    EXPECT_EQ(Receive(pair.first.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
}

TEST(SocketPair, RefusesNull)
{
    mp_socket socket;
    mp_error error;
    EXPECT_EQ(mp_socket_pair(nullptr, &socket, &error), MP_EINVAL);
    EXPECT_EQ(mp_socket_pair(&socket, nullptr, &error), MP_EINVAL);
    EXPECT_STREQ(error.message, "socket pair: an argument is NULL");
}

TEST(SocketPair, EndsWhenOneIsClosed)
{
    Pair pair;
    EXPECT_EQ(mp_socket_close(MP_SOCKET_INVALID), 0);
    EXPECT_EQ(mp_socket_close(pair.first.Release()), 0);
    char byte;
    EXPECT_EQ(Receive(pair.second.get(), &byte, 1), 0);
}

TEST(SocketPair, BlocksUnlessToldOtherwise)
{
    const Pair pair;
    char byte = 0;
    EXPECT_EQ(mp_socket_set_nonblocking(pair.first.get(), 1, nullptr), 0);
    EXPECT_EQ(Receive(pair.first.get(), &byte, 1), -1);
    EXPECT_TRUE(WouldBlock());
    EXPECT_EQ(mp_socket_set_nonblocking(pair.first.get(), 0, nullptr), 0);
    std::thread sender([&] { EXPECT_EQ(Send(pair.second.get(), "x", 1), 1); });
    EXPECT_EQ(Receive(pair.first.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    sender.join();
}

} // namespace
} // namespace mp::test
