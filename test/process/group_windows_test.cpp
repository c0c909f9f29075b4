#include <gtest/gtest.h>

#include <support/family.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Group, IsReachedWhenItsLeaderIsGone)
{
    for (const bool seen : {false, true}) {
        const Family family = StartFamily({"spawn", "hold", "out", "\\n", "hold"});
        EXPECT_EQ(mp_process_kill(family.leader.get(), SIGNAL_KILL), 0);
        ASSERT_TRUE(WaitEnded(family.leader.get()));
        if (seen) Wait(family.leader.get());
        EXPECT_EQ(mp_process_kill_group(family.leader.get(), 0), 0); // the other one is left
        EXPECT_EQ(mp_process_kill_group(family.leader.get(), SIGNAL_KILL), 0);
        EXPECT_TRUE(HasEnded(family));
        EXPECT_EQ(Wait(family.leader.get()).how, MP_EXIT_SIGNALED);
    }
}

TEST(Group, ReachesGrandchildrenOfGrandchildren)
{
    const Family family = StartFamily({"spawn", "spawn,spawn;hold,out,\\n"});
    EXPECT_EQ(Wait(family.leader.get()).value, 0);
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), SIGNAL_TERM), 0);
    EXPECT_TRUE(HasEnded(family));
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), 0), MP_ESRCH);
}

TEST(Group, KnowsTwoSignals)
{
    const Family family = StartFamily({"out", "\\n", "hold"});
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), 2), MP_ENOTSUP);
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), SIGNAL_TERM), 0);
    const mp_exit exit = Wait(family.leader.get());
    EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
    EXPECT_EQ(exit.value, SIGNAL_TERM);
}

TEST(Group, MayDieWithItsParent)
{
    // In a process of its own: the job that ends its children stays open as long as it runs.
    Pipe out = MakePipe();
    Command command = ChildCommand("script", {"spawn-dying-group", "spawn,hold,out,\\n,hold", "hold"});
    const Process parent = command.Stdio(1, out.write.get()).Start();
    out.write.Close();
    char byte;
    ASSERT_EQ(Read(out.read.get(), &byte, 1), 1);
    EXPECT_EQ(mp_process_kill(parent.get(), SIGNAL_KILL), 0);
    EXPECT_EQ(Read(out.read.get(), &byte, 1), 0); // all of it has ended
    Wait(parent.get());
}

} // namespace
} // namespace mp::test
