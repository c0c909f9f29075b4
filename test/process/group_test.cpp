// Process groups, and children that die with their parent.
#include <cstdlib>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <support/family.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Group, IsKilledAsAWhole)
{
    const Family family = StartFamily({"spawn", "hold", "out", "\\n", "hold"});
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), 0), 0);
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), SIGNAL_KILL), 0);
    EXPECT_TRUE(HasEnded(family));
    EXPECT_EQ(Wait(family.leader.get()).value, SIGNAL_KILL);
}

TEST(Group, IsGoneWithItsLastProcess)
{
    const Family family = StartFamily({"out", "\\n"});
    Wait(family.leader.get());
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), SIGNAL_KILL), MP_ESRCH);
}

TEST(Group, MustBeTheChildsOwn)
{
    const Held held = StartHeld();
    EXPECT_EQ(mp_process_kill_group(held.process.get(), 0), MP_EINVAL);
    EXPECT_EQ(mp_process_kill_group(nullptr, 0), MP_EINVAL);
    const Family family = StartFamily({"spawn", "hold", "out", "\\n", "hold"});
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), -1), MP_EINVAL);
    EXPECT_EQ(mp_process_kill_group(family.leader.get(), SIGNAL_KILL), 0);
}

//! A script whose own child dies with it.
struct Dying
{
    Process parent;
    int child;
    Fd input;
    Fd output; // ends when all have
};

Dying StartDying(const std::string& steps)
{
    Pipe in = MakePipe(), out = MakePipe();
    Command command = ChildCommand("script", {"spawn-dying", steps, "hold"});
    Process parent = command.Stdio(0, in.read.get()).Stdio(1, out.write.get()).Flags(MP_SPAWN_KILL_ON_UNREF).Start();
    out.write.Close();
    std::string line;
    for (char byte; Read(out.read.get(), &byte, 1) == 1 && byte != '\n';) line += byte;
    return {std::move(parent), std::atoi(line.c_str()), std::move(in.write), std::move(out.read)};
}

TEST(DieWithParent, KillsTheChild)
{
    const Dying dying = StartDying("pid,hold");
    EXPECT_TRUE(IsRunning(dying.child));
    EXPECT_EQ(mp_process_kill(dying.parent.get(), SIGNAL_KILL), 0);
    EXPECT_EQ(ReadAll(dying.output.get()), "");
    EXPECT_TRUE(WaitGone(dying.child));
}

TEST(DieWithParent, LeavesTheChildrenOfTheChildAlone)
{
    const Dying dying = StartDying("spawn,read;out;alive,pid,hold");
    EXPECT_EQ(mp_process_kill(dying.parent.get(), SIGNAL_KILL), 0);
    EXPECT_TRUE(WaitGone(dying.child));
    EXPECT_EQ(Write(dying.input.get(), "\n", 1), 1);
    EXPECT_EQ(ReadAll(dying.output.get()), "alive");
}

} // namespace
} // namespace mp::test
