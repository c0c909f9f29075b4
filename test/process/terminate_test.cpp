#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(Terminate, AsksFirst)
{
    const Held held = StartHeld();
    mp_exit exit;
    ASSERT_EQ(mp_process_terminate(held.process.get(), -1, &exit, nullptr), 0);
    EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
    EXPECT_EQ(exit.value, SIGNAL_TERM);
}

TEST(Terminate, TellsHowAChildEndedBefore)
{
    const Process process = ChildCommand("exit_code", {"4"}).Start();
    mp_exit exit;
    ASSERT_TRUE(WaitEnded(process.get()));
    ASSERT_EQ(mp_process_terminate(process.get(), 0, &exit, nullptr), 0);
    EXPECT_EQ(exit.value, 4);
    ASSERT_EQ(mp_process_terminate(process.get(), 0, &exit, nullptr), 0);
    EXPECT_EQ(exit.value, 4);
    EXPECT_EQ(mp_process_terminate(process.get(), 0, nullptr, nullptr), 0);
}

TEST(Terminate, RefusesBadArguments)
{
    const Held held = StartHeld();
    mp_error error;
    EXPECT_EQ(mp_process_terminate(nullptr, 0, nullptr, &error), MP_EINVAL);
    EXPECT_STREQ(error.message, "terminate: process is NULL");
    EXPECT_EQ(mp_process_terminate(held.process.get(), -2, nullptr, &error), MP_EINVAL);
    EXPECT_STREQ(error.message, "terminate: grace period -2");
    EXPECT_EQ(mp_process_kill(held.process.get(), SIGNAL_KILL), 0);
    Wait(held.process.get());
}

} // namespace
} // namespace mp::test
