// What handles children get.
#include <windows.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include <support/connected.h>
#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

using Lines = std::map<std::string, std::string>;

Command PrintHandles()
{
    return ChildCommand("print_handles");
}

//! What can be inherited of everything that this process has.
std::map<int, std::string> Inheritable()
{
    auto handles = Descriptors();
    std::erase_if(handles, [](const auto& handle) {
        DWORD flags;
        return !GetHandleInformation(reinterpret_cast<HANDLE>(static_cast<intptr_t>(handle.first)), &flags) ||
               (flags & HANDLE_FLAG_INHERIT) == 0;
    });
    return handles;
}

Fd InheritableEvent()
{
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), nullptr, TRUE};
    return Fd(CreateEventW(&inherit, TRUE, FALSE, nullptr));
}

void ExpectStdioOnly(const Lines& seen, size_t count = 3)
{
    EXPECT_EQ(seen.size(), count);
    for (const auto& [number, type] : seen) EXPECT_EQ(type, "File") << number;
}

TEST(Descriptors, ChildHasStdioOnly)
{
    const Fd event = InheritableEvent();
    Command command = PrintHandles();
    ExpectStdioOnly(ParseLines(OutputOf(command)));
}

TEST(Descriptors, ChildHasStdioOnlyWhateverOtherThreadsMake)
{
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
            while (!stop) {
                const Fd first = InheritableEvent(), second = InheritableEvent();
            }
        });
    }
    for (int i = 0; i < 20; ++i) {
        Command command = PrintHandles();
        ExpectStdioOnly(ParseLines(OutputOf(command)));
    }
    stop = true;
    for (auto& thread : threads) thread.join();
}

TEST(Descriptors, ChildrenOfManyThreadsHaveStdioOnly)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([] {
            for (int round = 0; round < 6; ++round) {
                Command command = PrintHandles();
                ExpectStdioOnly(ParseLines(OutputOf(command)));
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

//! The naive way, to prove that the census sees what it must.
TEST(Descriptors, CensusCatchesANaiveSpawn)
{
    const Fd event = InheritableEvent();
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), nullptr, TRUE};
    HANDLE ends[2];
    ASSERT_TRUE(CreatePipe(&ends[0], &ends[1], &inherit, 0));
    const Fd read(ends[0]);
    Fd write(ends[1]);
    STARTUPINFOA startup = {};
    startup.cb = sizeof(startup);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdOutput = ends[1];
    PROCESS_INFORMATION info;
    std::string line = ChildPath("print_handles.exe");
    ASSERT_TRUE(CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr, &startup, &info));
    const Fd process(info.hProcess), thread(info.hThread);
    write.Close();
    const Lines seen = ParseLines(ReadAll(read.get()));
    EXPECT_EQ(WaitForSingleObject(info.hProcess, DEADLINE_MS), WAIT_OBJECT_0);
    EXPECT_EQ(seen.at(std::to_string(reinterpret_cast<uintptr_t>(event.get()))), "Event");
}

TEST(Descriptors, OfAConnectedChildAreStdioOnly)
{
    Pipe pipe = MakePipe();
    const Fd event = InheritableEvent();
    ConnectedArgv argv;
    argv.program = ChildPath("print_handles");
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    options.stdio[1].kind = MP_STDIO_HANDLE;
    options.stdio[1].handle = pipe.write.get();
    Connected connected;
    EXPECT_EQ(SpawnConnected(argv, connected, nullptr, &options), MP_ECONNABORTED);
    pipe.write.Close();
    ExpectStdioOnly(ParseLines(ReadAll(pipe.read.get())));
}

TEST(Descriptors, OneHandleServesAsSeveralStdio)
{
    Pipe pipe = MakePipe();
    Command command = ChildCommand("script", {"out", "1", "err", "2"});
    const Process process = command.Stdio(1, pipe.write.get()).Stdio(2, pipe.write.get()).Null(0).Start();
    pipe.write.Close();
    EXPECT_EQ(ReadAll(pipe.read.get()), "12");
    EXPECT_EQ(Wait(process.get()).value, 0);
}

TEST(Descriptors, ClosedStdioStaysClosed)
{
    const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    for (const HANDLE closed : {static_cast<HANDLE>(nullptr), INVALID_HANDLE_VALUE}) {
        ASSERT_TRUE(SetStdHandle(STD_INPUT_HANDLE, closed));
        Command command = PrintHandles();
        ExpectStdioOnly(ParseLines(OutputOf(command)), 2);
    }
    SetStdHandle(STD_INPUT_HANDLE, input);
}

TEST(Descriptors, OfTheLibraryAreNotInheritable)
{
    const auto before = Inheritable();
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
            while (!stop) {
                mp_socket first, second;
                EXPECT_EQ(mp_socket_pair(&first, &second, nullptr), 0);
                const Socket a(first), b(second);
            }
        });
    }
    for (int i = 0; i < 50; ++i) EXPECT_EQ(Inheritable(), before);
    stop = true;
    for (auto& thread : threads) thread.join();
    ConnectedArgv argv;
    Connected connected;
    ASSERT_EQ(SpawnConnected(argv, connected, nullptr), 0);
    Command command = ChildCommand("stdio_worker");
    mp_process* worker;
    mp_handle input, output;
    ASSERT_EQ(mp_spawn_stdio(command.options(), &worker, &input, &output, nullptr), 0);
    const Process process(worker);
    const Fd a(input);
    Fd b(output);
    mp_handle copy;
    ASSERT_EQ(mp_handle_duplicate(input, &copy, nullptr), 0);
    const Fd c(copy);
    EXPECT_EQ(Inheritable(), before);
    b.Close();
    connected.socket.Close();
    Wait(worker);
    Wait(connected.process.get());
}

//! The census of the other tests leaves events out.
TEST(Descriptors, EventsAreClosed)
{
    constexpr int ROUNDS = 20;
    const auto count = [] {
        int events = 0;
        for (const auto& handle : Descriptors()) events += handle.second == "Event";
        return events;
    };
    const int before = count();
    for (int i = 0; i < ROUNDS; ++i) {
        ConnectedArgv argv;
        Connected connected;
        ASSERT_EQ(SpawnConnected(argv, connected, nullptr), 0);
        connected.socket.Close();
        Wait(connected.process.get());
    }
    EXPECT_LT(count(), before + ROUNDS);
}

} // namespace
} // namespace mp::test
