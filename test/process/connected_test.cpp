#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include <support/connected.h>
#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Connected, TalksToTheChild)
{
    ConnectedArgv argv;
    Connected connected;
    ASSERT_EQ(SpawnConnected(argv, connected, nullptr), 0);
    EXPECT_EQ(argv.calls, 1);
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
    EXPECT_EQ(ReceiveAll(connected.socket.get()), "");
    Wait(connected.process.get());
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
    EXPECT_EQ(connected.socket.get(), MP_SOCKET_INVALID);
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
        std::promise<void> entered;
    } shared;
    std::unique_lock<std::mutex> lock(shared.mutex);
    const auto make_argv = [](void* user, const char* info, const char* const** ret_argv) {
        auto* self = static_cast<Shared*>(user);
        self->entered.set_value();
        const std::lock_guard<std::mutex> guard(self->mutex);
        return ConnectedArgv::Make(&self->argv, info, ret_argv);
    };
    std::thread spawner([&] {
        mp_process* process = nullptr;
        mp_socket socket = MP_SOCKET_INVALID;
        EXPECT_EQ(mp_spawn_connected(nullptr, make_argv, &shared, &process, &socket, nullptr), 0);
        Connected connected{Process(process), Socket(socket)};
        ExpectEcho(connected);
        connected.socket.Close();
        EXPECT_EQ(Wait(process).value, 0);
    });
    shared.entered.get_future().wait();
    lock.unlock();
    spawner.join();
}

} // namespace
} // namespace mp::test
