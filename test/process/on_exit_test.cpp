#include <gtest/gtest.h>

#include <support/ends.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(OnExit, IsCalledOnceOnAnotherThread)
{
    Ends ends;
    Held held = StartHeld();
    mp_error error;
    ASSERT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, nullptr), 0);
    EXPECT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, &error), MP_EALREADY);
    EXPECT_EQ(ends.count(), 0);
    held.hold.Close();
    EXPECT_TRUE(ends.Await(1));
    EXPECT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, nullptr), MP_EALREADY);
    EXPECT_NE(ends.thread(), std::this_thread::get_id());
    EXPECT_EQ(ends.count(), 1);
}

TEST(OnExit, IsCalledForAChildThatHasEnded)
{
    Ends ends;
    const Process process = ChildCommand("exit_code", {"3"}).Start();
    Wait(process.get());
    ASSERT_EQ(mp_process_on_exit(process.get(), Ends::Callback, &ends, nullptr), 0);
    EXPECT_TRUE(ends.Await(1));
    EXPECT_EQ(ends.sum(), 3);
}

TEST(OnExit, IsCalledForADroppedChild)
{
    Ends ends;
    Held held = StartHeld();
    const int pid = mp_process_pid(held.process.get());
    ASSERT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, nullptr), 0);
    held.process.reset();
    EXPECT_TRUE(IsRunning(pid));
    held.hold.Close();
    EXPECT_TRUE(ends.Await(1));
    EXPECT_TRUE(WaitGone(pid));
}

TEST(OnExit, IsCalledForADroppedChildThatIsKilledForIt)
{
    Ends ends;
    const Pipe hold = MakePipe();
    Process process = ChildCommand("hold").Stdio(0, hold.read.get()).Flags(MP_SPAWN_KILL_ON_UNREF).Start();
    ASSERT_EQ(mp_process_on_exit(process.get(), Ends::Callback, &ends, nullptr), 0);
    process.reset();
    EXPECT_TRUE(ends.Await(1));
    EXPECT_EQ(ends.sum(), SIGNAL_KILL);
}

TEST(OnExit, OfManyChildren)
{
    Ends ends;
    constexpr int CHILDREN = 40;
    std::vector<Process> processes;
    for (int i = 0; i < CHILDREN; ++i) {
        processes.push_back(ChildCommand("exit_code", {"2"}).Start());
        ASSERT_EQ(mp_process_on_exit(processes.back().get(), Ends::Callback, &ends, nullptr), 0);
    }
    EXPECT_TRUE(ends.Await(CHILDREN));
    EXPECT_EQ(ends.sum(), 2 * CHILDREN);
}

TEST(OnExit, RefusesNull)
{
    const Process process = ChildCommand("exit_code").Start();
    EXPECT_EQ(mp_process_on_exit(nullptr, Ends::Callback, nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_process_on_exit(process.get(), nullptr, nullptr, nullptr), MP_EINVAL);
    Wait(process.get());
}

} // namespace
} // namespace mp::test
