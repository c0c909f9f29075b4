#include <winsock2.h>

#include <windows.h>

#include <aclapi.h>
#include <winternl.h>

#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include <support/connected.h>
#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

constexpr int NAME_INFORMATION = 1;

//! Calls a function when the pipe exists and the child doesn't, and hands the info to the program or not.
struct Watched
{
    ConnectedArgv argv;
    std::function<void(const std::string&)> called = [](const std::string&) {};
    std::vector<std::string> args;
    std::vector<const char*> table;

    static int Make(void* user, const char* info, const char* const** ret_argv)
    {
        auto* self = static_cast<Watched*>(user);
        self->called(info);
        if (self->args.empty()) return ConnectedArgv::Make(&self->argv, info, ret_argv);
        for (const auto& arg : self->args) self->table.push_back(arg.c_str());
        self->table.push_back(nullptr);
        *ret_argv = self->table.data();
        return 0;
    }

    int Spawn(Connected& out, mp_error* error, const mp_spawn_options* options = nullptr)
    {
        mp_process* process = nullptr;
        mp_socket socket = MP_SOCKET_INVALID;
        const int r = mp_spawn_connected(options, Make, this, &process, &socket, error);
        out.process.reset(process);
        out.socket = Socket(socket);
        return r;
    }
};

TEST(Connected, NoticesTheEndOfAChildThatNeverConnects)
{
    for (const char* step : {"exit", "die"}) {
        Watched watched;
        watched.args = {ChildPath("script"), step, "0"};
        Connected connected;
        mp_error error;
        EXPECT_EQ(watched.Spawn(connected, &error), MP_ECONNABORTED);
        EXPECT_EQ(error.stage, MP_STAGE_CONNECT);
        EXPECT_STREQ(error.message, "child process exited before connecting to named pipe: Connection aborted");
        EXPECT_EQ(connected.process, nullptr);
    }
}

TEST(Connected, NoticesTheEndOfAChildThatItWaitsFor)
{
    Pipe in = MakePipe(), out = MakePipe();
    Watched watched;
    watched.args = {ChildPath("script"), "out", "x", "read"};
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.stdio[0].kind = options.stdio[1].kind = MP_STDIO_HANDLE;
    options.stdio[0].handle = in.read.get();
    options.stdio[1].handle = out.write.get();
    std::thread end([&] {
        char byte;
        EXPECT_EQ(Read(out.read.get(), &byte, 1), 1); // the child runs
        in.write.Close();
    });
    Connected connected;
    mp_error error;
    EXPECT_EQ(watched.Spawn(connected, &error, &options), MP_ECONNABORTED);
    end.join();
}

TEST(Connected, NoticesTheEndOfAChildThatDoesNotRead)
{
    ConnectedArgv argv;
    argv.program = ChildPath("open_pipe");
    for (int i = 0; i < 20; ++i) {
        Connected connected;
        mp_error error;
        EXPECT_EQ(SpawnConnected(argv, connected, &error), MP_ECONNABORTED);
        EXPECT_EQ(error.stage, MP_STAGE_CONNECT);
    }
}

TEST(Connected, InfoServesOnce)
{
    ConnectedArgv argv;
    Connected connected;
    ASSERT_EQ(SpawnConnected(argv, connected, nullptr), 0);
    mp_socket socket;
    mp_error error;
    EXPECT_EQ(mp_start_spawned(argv.info.c_str(), &socket, &error), MP_ENOENT);
    EXPECT_EQ(error.stage, MP_STAGE_CONNECT);
    connected.socket.Close();
    Wait(connected.process.get());
}

//! The handle of this process whose object's name ends so.
HANDLE FindNamed(const std::string& end)
{
    struct
    {
        UNICODE_STRING name;
        wchar_t room[512];
    } object;
    for (const auto& [number, type] : Descriptors()) {
        const auto handle = reinterpret_cast<HANDLE>(static_cast<intptr_t>(number));
        ULONG size;
        if (type != "File" || NtQueryObject(handle, static_cast<OBJECT_INFORMATION_CLASS>(NAME_INFORMATION), &object,
                                            sizeof(object), &size) < 0) {
            continue;
        }
        const std::wstring wide(object.name.Buffer, object.name.Length / sizeof(wchar_t));
        const std::string name(wide.begin(), wide.end());
        if (name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0) return handle;
    }
    return nullptr;
}

TEST(Connected, PipeIsForThisUserOnly)
{
    Watched watched;
    watched.called = [](const std::string& info) {
        const HANDLE pipe = FindNamed(info.substr(info.rfind('\\')));
        ASSERT_NE(pipe, nullptr);
        ACL* list = nullptr;
        PSECURITY_DESCRIPTOR descriptor;
        ASSERT_EQ(GetSecurityInfo(pipe, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr, &list, nullptr,
                                  &descriptor),
                  0U);
        ASSERT_NE(list, nullptr);
        EXPECT_EQ(list->AceCount, 1);
        void* entry = nullptr;
        ASSERT_TRUE(GetAce(list, 0, &entry));
        auto* allowed = static_cast<ACCESS_ALLOWED_ACE*>(entry);
        EXPECT_EQ(allowed->Header.AceType, ACCESS_ALLOWED_ACE_TYPE);
        HANDLE token;
        ASSERT_TRUE(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
        const Fd owned(token);
        char room[256];
        DWORD size;
        ASSERT_TRUE(GetTokenInformation(token, TokenUser, room, sizeof(room), &size));
        EXPECT_TRUE(EqualSid(&allowed->SidStart, reinterpret_cast<TOKEN_USER*>(room)->User.Sid));
        LocalFree(descriptor);
    };
    Connected connected;
    ASSERT_EQ(watched.Spawn(connected, nullptr), 0);
    ExpectEcho(connected);
    connected.socket.Close();
    EXPECT_EQ(Wait(connected.process.get()).value, 0);
}

TEST(Connected, PipeSendsStrangersAway)
{
    for (const bool stays : {false, true}) {
        std::vector<Fd> strangers;
        Watched watched;
        watched.called = [&](const std::string& info) {
            const HANDLE pipe =
                CreateFileA(info.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr);
            ASSERT_NE(pipe, INVALID_HANDLE_VALUE);
            strangers.emplace_back(pipe);
            if (!stays) strangers.clear();
        };
        Connected connected;
        mp_error error = {};
        ASSERT_EQ(watched.Spawn(connected, &error), 0) << error.message;
        ExpectEcho(connected);
        for (const auto& stranger : strangers) {
            char byte;
            EXPECT_LE(Read(stranger.get(), &byte, 1), 0);
        }
        connected.socket.Close();
        EXPECT_EQ(Wait(connected.process.get()).value, 0);
    }
}

TEST(Connected, FromManyThreads)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([] {
            for (int round = 0; round < 3; ++round) {
                ConnectedArgv argv;
                Connected connected;
                mp_error error = {};
                ASSERT_EQ(SpawnConnected(argv, connected, &error), 0) << error.message;
                ExpectEcho(connected);
                connected.socket.Close();
                EXPECT_EQ(Wait(connected.process.get()).value, 0);
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(StartSpawned, RefusesWhatIsNoPipe)
{
    for (const char* text : {"", "3", R"(\\.\pipe\)", R"(\\.\pipe\mp-)", R"(\\.\pipe\mp-1x)", R"(\\host\pipe\mp-1-2)",
                             R"(\\.\pipe\mp-1\..\x)", R"(C:\mp-1)"}) {
        mp_socket socket = 4711;
        mp_error error;
        EXPECT_EQ(mp_start_spawned(text, &socket, &error), MP_EINVAL) << text;
        EXPECT_EQ(std::string(error.message), "connect info '" + std::string(text) + "' is no pipe path");
        EXPECT_EQ(error.stage, MP_STAGE_CONNECT);
        EXPECT_EQ(socket, 4711U);
    }
    mp_socket socket;
    mp_error error;
    EXPECT_EQ(mp_start_spawned(nullptr, &socket, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_start_spawned(R"(\\.\pipe\mp-1-2)", nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_start_spawned(R"(\\.\pipe\mp-1-2)", &socket, &error), MP_ENOENT);
    EXPECT_STREQ(error.message, R"(connect info '\\.\pipe\mp-1-2': No such file or directory)");
}

TEST(StartSpawned, RefusesAPipeOfOthersThatTellsTooLittle)
{
    const char* const path = R"(\\.\pipe\mp-4711-1)";
    const Fd pipe(CreateNamedPipeA(path, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_WAIT, 1, 4096, 0, 0, nullptr));
    std::thread server([&] {
        (void)ConnectNamedPipe(pipe.get(), nullptr);
        EXPECT_EQ(Write(pipe.get(), "short", 5), 5);
        FlushFileBuffers(pipe.get());
        DisconnectNamedPipe(pipe.get());
    });
    mp_socket socket;
    EXPECT_EQ(mp_start_spawned(path, &socket, nullptr), MP_EPIPE);
    server.join();
}

} // namespace
} // namespace mp::test
