// Process groups.
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

} // namespace
} // namespace mp::test
