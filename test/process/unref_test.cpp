#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Unref, TakesNull)
{
    EXPECT_EQ(mp_process_unref(nullptr), nullptr);
    EXPECT_EQ(mp_process_ref(nullptr), nullptr);
}

TEST(Unref, OfOneReferenceLeavesTheOthers)
{
    Process process = ChildCommand("exit_code", {"2"}).Start();
    EXPECT_EQ(mp_process_ref(process.get()), process.get());
    EXPECT_EQ(mp_process_unref(process.get()), nullptr);
    EXPECT_EQ(Wait(process.get()).value, 2);
}

TEST(Unref, OfALiveChildLetsItRunAndLeavesNoZombie)
{
    Held held = StartHeld();
    const int pid = mp_process_pid(held.process.get());
    held.process.reset();
    EXPECT_TRUE(IsRunning(pid));
    held.hold.Close();
    EXPECT_TRUE(WaitGone(pid));
}

TEST(Unref, OfADeadChildLeavesNoZombie)
{
    Process process = ChildCommand("exit_code").Start();
    const int pid = mp_process_pid(process.get());
    ASSERT_TRUE(WaitEnded(process.get()));
    process.reset();
    EXPECT_TRUE(WaitGone(pid));
}

TEST(Unref, OfManyLiveChildrenLeavesNoZombie)
{
    for (int round = 0; round < 3; ++round) { // the library's thread ends and starts again
        std::vector<Held> held;
        std::vector<int> pids;
        for (int i = 0; i < 20; ++i) {
            held.push_back(StartHeld());
            pids.push_back(mp_process_pid(held.back().process.get()));
        }
        for (auto& child : held) child.process.reset();
        held.clear();
        for (const int pid : pids) EXPECT_TRUE(WaitGone(pid));
    }
}

TEST(Unref, KillsIfAskedTo)
{
    const Pipe hold = MakePipe();
    Command command = ChildCommand("hold");
    Process process = command.Stdio(0, hold.read.get()).Flags(MP_SPAWN_KILL_ON_UNREF).Start();
    const int pid = mp_process_pid(process.get());
    Process second(mp_process_ref(process.get()));
    process.reset();
    EXPECT_EQ(mp_process_kill(second.get(), 0), 0);
    second.reset();
    EXPECT_TRUE(WaitGone(pid));
}

} // namespace
} // namespace mp::test
