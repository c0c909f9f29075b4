#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {
namespace {

using Clock = std::chrono::steady_clock;

TEST(Wait, OfZeroLooksOnly)
{
    Held held = StartHeld();
    mp_exit exit;
    mp_error error;
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, &exit, &error), MP_ETIMEDOUT);
    EXPECT_EQ(error.stage, MP_STAGE_WAIT);
    EXPECT_EQ(std::string(error.message),
              "wait for process " + std::to_string(mp_process_pid(held.process.get())) + ": Timed out");
    held.hold.Close();
    EXPECT_EQ(Wait(held.process.get()).value, 0);
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, nullptr, nullptr), 0);
}

TEST(Wait, LastsAtLeastItsTimeout)
{
    Held held = StartHeld();
    const auto begin = Clock::now();
    EXPECT_EQ(mp_process_wait(held.process.get(), 50, nullptr, nullptr), MP_ETIMEDOUT);
    EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(50));
    held.hold.Close();
    Wait(held.process.get());
}

TEST(Wait, ForEverEndsWithTheChild)
{
    Held held = StartHeld();
    std::thread waiter([&] { EXPECT_EQ(mp_process_wait(held.process.get(), -1, nullptr, nullptr), 0); });
    held.hold.Close();
    waiter.join();
}

TEST(Wait, OutputsAreSetOnSuccessOnly)
{
    Held held = StartHeld();
    mp_exit exit = {};
    exit.value = 4711;
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, &exit, nullptr), MP_ETIMEDOUT);
    EXPECT_EQ(exit.value, 4711);
    held.hold.Close();
    mp_error error = {};
    EXPECT_EQ(mp_process_wait(held.process.get(), -1, &exit, &error), 0);
    EXPECT_EQ(exit.value, 0);
    EXPECT_EQ(error.message[0], '\0');
}

TEST(Wait, RefusesBadArguments)
{
    mp_error error;
    EXPECT_EQ(mp_process_wait(nullptr, 0, nullptr, &error), MP_EINVAL);
    const Process process = ChildCommand("exit_code").Start();
    EXPECT_EQ(mp_process_wait(process.get(), -2, nullptr, &error), MP_EINVAL);
    EXPECT_STREQ(error.message, "wait: timeout -2");
    Wait(process.get());
    EXPECT_EQ(mp_process_pid(nullptr), MP_EINVAL);
    EXPECT_EQ(mp_process_exit_fd(nullptr), MP_HANDLE_INVALID);
}

TEST(Wait, AnswersAllThreadsAlike)
{
    Held held = StartHeld();
    std::vector<std::thread> waiters;
    std::vector<mp_exit> exits(16);
    for (auto& exit : exits) {
        waiters.emplace_back([&] { EXPECT_EQ(mp_process_wait(held.process.get(), -1, &exit, nullptr), 0); });
    }
    EXPECT_EQ(mp_process_kill(held.process.get(), SIGNAL_TERM), 0);
    for (auto& waiter : waiters) waiter.join();
    for (const auto& exit : exits) {
        EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
        EXPECT_EQ(exit.value, SIGNAL_TERM);
    }
}

} // namespace
} // namespace mp::test
