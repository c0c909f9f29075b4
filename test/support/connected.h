// Children that are connected to the test.
#ifndef MP_TEST_SUPPORT_CONNECTED_H
#define MP_TEST_SUPPORT_CONNECTED_H

#include <string>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {

//! The callback of most tests: program and connect info.
struct ConnectedArgv
{
    std::string program = ChildPath("connected");
    int calls = 0;
    int status = 0;
    std::string info;
    const char* argv[3] = {nullptr, nullptr, nullptr};

    static int Make(void* user, const char* connect_info, const char* const** ret_argv)
    {
        auto* self = static_cast<ConnectedArgv*>(user);
        ++self->calls;
        self->info = connect_info;
        self->argv[0] = self->program.c_str();
        self->argv[1] = self->info.c_str();
        if (self->status == 0) *ret_argv = self->argv;
        return self->status;
    }
};

struct Connected
{
    Process process;
    Socket socket;
};

inline int SpawnConnected(ConnectedArgv& argv, Connected& out, mp_error* error,
                          const mp_spawn_options* options = nullptr)
{
    mp_process* process = nullptr;
    mp_socket socket = MP_SOCKET_INVALID;
    const int r = mp_spawn_connected(options, ConnectedArgv::Make, &argv, &process, &socket, error);
    out.process.reset(process);
    out.socket = Socket(socket);
    return r;
}

inline void ExpectEcho(const Connected& connected)
{
    char text[5] = {};
    EXPECT_EQ(Send(connected.socket.get(), "ping", 4), 4);
    ASSERT_TRUE(WaitReadable(connected.socket.get()));
    EXPECT_EQ(Receive(connected.socket.get(), text, 4), 4);
    EXPECT_STREQ(text, "ping");
}

} // namespace mp::test

#endif // MP_TEST_SUPPORT_CONNECTED_H
