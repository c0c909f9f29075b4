#include <winsock2.h>

#include <windows.h>

#include <psapi.h>

#include <gtest/gtest.h>

#include <support/capture.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

size_t MemoryKib()
{
    PROCESS_MEMORY_COUNTERS counters;
    EXPECT_TRUE(GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters)));
    return counters.WorkingSetSize / 1024;
}

TEST(CaptureOutput, OfManyChildrenLosesNothingInBoundedMemory)
{
    // 8 children, two streams of 11,500 lines of 87 to 91 bytes: 16 MB.
    for (const bool slow : {false, true}) {
        Flood flood(slow);
        const size_t before = MemoryKib();
        flood.Run(8, 11'500);
        EXPECT_LE(MemoryKib(), before + 4 * 1024);
    }
}

TEST(CaptureOutput, IsWaitedForWithSelect)
{
    const Pipe hold = MakePipe();
    Command command = ChildCommand("script", {"read", "err", "e", "read"});
    command.Stdio(0, hold.read.get());
    command.mutable_options().stdio[1].kind = command.mutable_options().stdio[2].kind = MP_STDIO_CAPTURED;
    const Process process = command.Start();
    mp_socket out, err;
    ASSERT_EQ(mp_process_take_output(process.get(), 1, &out), 0);
    ASSERT_EQ(mp_process_take_output(process.get(), 2, &err), 0);
    const Socket owned_out(out), owned_err(err);
    const auto ready = [&](long seconds) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(out, &set);
        FD_SET(err, &set);
        timeval timeout{seconds, 0};
        EXPECT_GE(select(0, &set, nullptr, nullptr, &timeout), 0);
        return (FD_ISSET(out, &set) ? 1 : 0) + (FD_ISSET(err, &set) ? 2 : 0);
    };
    EXPECT_EQ(ready(0), 0);
    EXPECT_EQ(Write(hold.write.get(), "\n", 1), 1);
    EXPECT_EQ(ready(DEADLINE_MS / 1000), 2);
    char byte;
    EXPECT_EQ(Receive(err, &byte, 1), 1);
    EXPECT_EQ(ready(0), 0);
    EXPECT_EQ(Write(hold.write.get(), "\n", 1), 1);
    EXPECT_EQ(ReceiveAll(out), "");
    EXPECT_EQ(ReceiveAll(err), "");
    EXPECT_EQ(Wait(process.get()).value, 0);
}

TEST(CaptureOutput, HasWhatAKilledChildWrote)
{
    Command command = ChildCommand("script", {"out", std::string(20'000, 'x'), "err", "e", "hold"});
    command.mutable_options().stdio[1].kind = command.mutable_options().stdio[2].kind = MP_STDIO_CAPTURED;
    const Process process = command.Start();
    mp_socket out, err;
    ASSERT_EQ(mp_process_take_output(process.get(), 1, &out), 0);
    ASSERT_EQ(mp_process_take_output(process.get(), 2, &err), 0);
    const Socket owned_out(out), owned_err(err);
    ASSERT_TRUE(WaitReadable(err)); // stdout is written
    EXPECT_EQ(mp_process_kill(process.get(), SIGNAL_KILL), 0);
    Wait(process.get());
    EXPECT_EQ(ReceiveAll(out), std::string(20'000, 'x'));
    EXPECT_EQ(ReceiveAll(err), "e");
}

} // namespace
} // namespace mp::test
