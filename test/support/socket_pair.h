// Two connected sockets.
#ifndef MP_TEST_SUPPORT_SOCKET_PAIR_H
#define MP_TEST_SUPPORT_SOCKET_PAIR_H

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {

struct Pair
{
    Pair()
    {
        mp_socket a, b;
        EXPECT_EQ(mp_socket_pair(&a, &b, nullptr), 0);
        first = Socket(a);
        second = Socket(b);
    }
    Socket first;
    Socket second;
};

} // namespace mp::test

#endif // MP_TEST_SUPPORT_SOCKET_PAIR_H
