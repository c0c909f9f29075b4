#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Kill, EndsTheChild)
{
    const Held held = StartHeld();
    EXPECT_EQ(mp_process_kill(held.process.get(), 0), 0);
    EXPECT_EQ(mp_process_kill(held.process.get(), SIGNAL_TERM), 0);
    const mp_exit exit = Wait(held.process.get());
    EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
    EXPECT_EQ(exit.value, SIGNAL_TERM);
}

TEST(Kill, ReachesAChildThatEndedUnseen)
{
    const Process process = ChildCommand("exit_code").Start();
    ASSERT_TRUE(WaitEnded(process.get()));
    EXPECT_EQ(mp_process_kill(process.get(), SIGNAL_TERM), 0);
    EXPECT_EQ(Wait(process.get()).how, MP_EXIT_EXITED);
}

TEST(Kill, RefusesBadArguments)
{
    EXPECT_EQ(mp_process_kill(nullptr, SIGNAL_TERM), MP_EINVAL);
    const Held held = StartHeld();
    EXPECT_EQ(mp_process_kill(held.process.get(), -1), MP_EINVAL);
    EXPECT_EQ(mp_process_kill(held.process.get(), SIGNAL_KILL), 0);
    Wait(held.process.get());
}

} // namespace
} // namespace mp::test
