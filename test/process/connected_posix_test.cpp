#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/connected.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Connected, SocketIsCloseOnExec)
{
    ConnectedArgv argv;
    Connected connected;
    ASSERT_EQ(SpawnConnected(argv, connected, nullptr), 0);
    EXPECT_EQ(fcntl(connected.socket.get(), F_GETFD), FD_CLOEXEC);
    connected.socket.Close();
    EXPECT_EQ(Wait(connected.process.get()).value, 0);
}

TEST(Connected, ChildGetsNothingElse)
{
    const Pipe pipe = MakePipe();
    ConnectedArgv argv;
    argv.program = ChildPath("print_fds");
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.stdio[1] = {MP_STDIO_HANDLE, pipe.write.get()};
    Connected connected;
    ASSERT_EQ(SpawnConnected(argv, connected, nullptr, &options), 0);
    Wait(connected.process.get());
    char text[1024];
    const ssize_t size = Read(pipe.read.get(), text, sizeof(text));
    const auto seen = ParseLines(std::string(text, size > 0 ? static_cast<size_t>(size) : 0));
    EXPECT_EQ(seen.size(), 4U);
    EXPECT_EQ(seen.count(argv.info), 1U);
}

TEST(Connected, AvoidsTheNumbersOfOtherDescriptors)
{
    // The child's numbers are those that the socket pair is about to get.
    const Pipe pipe = MakePipe();
    std::vector<mp_fd_map> fds;
    for (int number = 3; number < 30; ++number) fds.push_back({pipe.read.get(), number});
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.fds = fds.data();
    options.n_fds = fds.size();
    ConnectedArgv argv;
    Connected connected;
    ASSERT_EQ(SpawnConnected(argv, connected, nullptr, &options), 0);
    EXPECT_EQ(argv.info, "30");
    ExpectEcho(connected);
    connected.socket.Close();
    EXPECT_EQ(Wait(connected.process.get()).value, 0);
}

TEST(Connected, WorksWithClosedStdio)
{
    EXPECT_EXIT(
        {
            close(0);
            ConnectedArgv argv;
            Connected connected;
            if (SpawnConnected(argv, connected, nullptr) < 0) _exit(2);
            char byte = 'x';
            if (write(connected.socket.get(), &byte, 1) != 1 || Read(connected.socket.get(), &byte, 1) != 1) _exit(3);
            connected.socket.Close();
            _exit(Wait(connected.process.get()).value);
        },
        testing::ExitedWithCode(0), "");
}

TEST(StartSpawned, RefusesWhatIsNoNumber)
{
    for (const char* text : {"", "abc", "12abc", " 12", "12 ", "+12", "-1", "0x10", "99999999999", "2147483648"}) {
        mp_socket socket = 4711;
        mp_error error;
        EXPECT_EQ(mp_start_spawned(text, &socket, &error), MP_EINVAL) << text;
        EXPECT_EQ(std::string(error.message), "connect info '" + std::string(text) + "' is no descriptor number");
        EXPECT_EQ(error.stage, MP_STAGE_CONNECT);
        EXPECT_EQ(socket, 4711);
    }
    mp_socket socket;
    EXPECT_EQ(mp_start_spawned(nullptr, &socket, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_start_spawned("5", nullptr, nullptr), MP_EINVAL);
}

TEST(StartSpawned, RefusesAClosedDescriptor)
{
    mp_socket socket;
    mp_error error;
    EXPECT_EQ(mp_start_spawned("987", &socket, &error), MP_EBADF);
    EXPECT_STREQ(error.message, "connect info '987': Bad file descriptor");
}

TEST(StartSpawned, RefusesADescriptorThatIsNoSocket)
{
    const Pipe pipe = MakePipe();
    mp_socket socket;
    mp_error error;
    const std::string info = std::to_string(pipe.read.get());
    EXPECT_EQ(mp_start_spawned(info.c_str(), &socket, &error), MP_ENOTSOCK);
    EXPECT_EQ(std::string(error.message), "connect info '" + info + "': Socket operation on non-socket");
    EXPECT_EQ(fcntl(pipe.read.get(), F_GETFD), FD_CLOEXEC);
}

TEST(StartSpawned, MakesTheSocketCloseOnExec)
{
    int fd[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    const Fd first(fd[0]), second(fd[1]);
    mp_socket socket;
    EXPECT_EQ(mp_start_spawned(std::to_string(fd[0]).c_str(), &socket, nullptr), 0);
    EXPECT_EQ(socket, fd[0]);
    EXPECT_EQ(fcntl(socket, F_GETFD), FD_CLOEXEC);
}

} // namespace
} // namespace mp::test
