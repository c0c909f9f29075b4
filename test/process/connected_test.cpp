#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

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
    Fd socket;
};

int SpawnConnected(ConnectedArgv& argv, Connected& out, mp_error* error, const mp_spawn_options* options = nullptr)
{
    mp_process* process = nullptr;
    mp_socket socket = MP_SOCKET_INVALID;
    const int r = mp_spawn_connected(options, ConnectedArgv::Make, &argv, &process, &socket, error);
    out.process.reset(process);
    out.socket = Fd(socket);
    return r;
}

void ExpectEcho(const Connected& connected)
{
    char text[5] = {};
    EXPECT_EQ(write(connected.socket.get(), "ping", 4), 4);
    ASSERT_TRUE(WaitReadable(connected.socket.get()));
    EXPECT_EQ(read(connected.socket.get(), text, 4), 4);
    EXPECT_STREQ(text, "ping");
}

TEST(Connected, TalksToTheChild)
{
    ConnectedArgv argv;
    Connected connected;
    ASSERT_EQ(SpawnConnected(argv, connected, nullptr), 0);
    EXPECT_EQ(argv.calls, 1);
    EXPECT_EQ(fcntl(connected.socket.get(), F_GETFD), FD_CLOEXEC);
    ExpectEcho(connected);
    connected.socket.Close();
    EXPECT_EQ(Wait(connected.process.get()).value, 0);
}

TEST(Connected, SeesTheDeathOfTheChild)
{
    ConnectedArgv argv;
    Connected connected;
    ASSERT_EQ(SpawnConnected(argv, connected, nullptr), 0);
    EXPECT_EQ(mp_process_kill(connected.process.get(), 9), 0);
    EXPECT_EQ(ReadAll(connected.socket.get()), "");
    Wait(connected.process.get());
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
    const ssize_t size = read(pipe.read.get(), text, sizeof(text));
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
            if (write(connected.socket.get(), &byte, 1) != 1 || read(connected.socket.get(), &byte, 1) != 1) _exit(3);
            connected.socket.Close();
            _exit(Wait(connected.process.get()).value);
        },
        testing::ExitedWithCode(0), "");
}

TEST(Connected, FailsWithoutATraceIfTheProgramIsMissing)
{
    const auto before = ProcessState::Now();
    ConnectedArgv argv;
    argv.program = "/no/such/program";
    Connected connected;
    mp_error error;
    EXPECT_EQ(SpawnConnected(argv, connected, &error), MP_ENOENT);
    EXPECT_STREQ(error.message, "spawn '/no/such/program': No such file or directory");
    EXPECT_EQ(argv.calls, 1);
    EXPECT_EQ(connected.process, nullptr);
    EXPECT_EQ(connected.socket.get(), -1);
    EXPECT_EQ(before.NowSettled(), before);
}

TEST(Connected, ReturnsTheStatusOfTheCallback)
{
    ConnectedArgv argv;
    argv.status = MP_ECANCELED;
    Connected connected;
    mp_error error;
    EXPECT_EQ(SpawnConnected(argv, connected, &error), MP_ECANCELED);
    EXPECT_EQ(error.stage, MP_STAGE_CALLBACK);
    EXPECT_EQ(error.system_code, 0);
    EXPECT_STREQ(error.message, "spawn: building argv: Operation canceled");
}

TEST(Connected, RefusesBadArguments)
{
    ConnectedArgv argv;
    mp_process* process = nullptr;
    mp_socket socket = MP_SOCKET_INVALID;
    EXPECT_EQ(mp_spawn_connected(nullptr, nullptr, nullptr, &process, &socket, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_spawn_connected(nullptr, ConnectedArgv::Make, &argv, nullptr, &socket, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_spawn_connected(nullptr, ConnectedArgv::Make, &argv, &process, nullptr, nullptr), MP_EINVAL);
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.argv = argv.argv;
    EXPECT_EQ(mp_spawn_connected(&options, ConnectedArgv::Make, &argv, &process, &socket, nullptr), MP_EINVAL);
    const auto empty = [](void*, const char*, const char* const**) { return 0; };
    EXPECT_EQ(mp_spawn_connected(nullptr, empty, nullptr, &process, &socket, nullptr), MP_EINVAL);
    EXPECT_EQ(argv.calls, 0);
}

//! The callback needs a lock that another thread of the parent holds, as does malloc of a naive child.
TEST(Connected, CallbackMayWaitForOtherThreads)
{
    struct Shared
    {
        ConnectedArgv argv;
        std::mutex mutex;
        Pipe entered = MakePipe();
    } shared;
    std::unique_lock<std::mutex> lock(shared.mutex);
    const auto make_argv = [](void* user, const char* info, const char* const** ret_argv) {
        auto* self = static_cast<Shared*>(user);
        self->entered.write.Close();
        const std::lock_guard<std::mutex> guard(self->mutex);
        return ConnectedArgv::Make(&self->argv, info, ret_argv);
    };
    std::thread spawner([&] {
        mp_process* process = nullptr;
        mp_socket socket = MP_SOCKET_INVALID;
        EXPECT_EQ(mp_spawn_connected(nullptr, make_argv, &shared, &process, &socket, nullptr), 0);
        Connected connected{Process(process), Fd(socket)};
        ExpectEcho(connected);
        connected.socket.Close();
        EXPECT_EQ(Wait(process).value, 0);
    });
    EXPECT_TRUE(WaitReadable(shared.entered.read.get()));
    lock.unlock();
    spawner.join();
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
