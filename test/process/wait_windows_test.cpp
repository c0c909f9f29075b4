#include <windows.h>

#include <thread>

#include <gtest/gtest.h>

#include <support/ends.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(ExitFd, IsSignaledAfterTheEndAndStaysSo)
{
    Held held = StartHeld();
    const HANDLE handle = mp_process_exit_fd(held.process.get());
    EXPECT_EQ(WaitForSingleObject(handle, 0), static_cast<DWORD>(WAIT_TIMEOUT));
    held.hold.Close();
    EXPECT_EQ(WaitForSingleObject(handle, DEADLINE_MS), WAIT_OBJECT_0);
    mp_exit exit;
    EXPECT_EQ(mp_process_wait(held.process.get(), 0, &exit, nullptr), 0);
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(WaitForSingleObject(handle, 0), WAIT_OBJECT_0);
}

TEST(Release, HandsTheChildOver)
{
    Held held = StartHeld();
    mp_process_id id = nullptr;
    ASSERT_EQ(mp_process_release(held.process.get(), &id), 0);
    const Fd child(id);
    EXPECT_EQ(GetProcessId(id), static_cast<DWORD>(mp_process_pid(held.process.get())));
    EXPECT_EQ(mp_process_wait(held.process.get(), -1, nullptr, nullptr), MP_ECHILD); // though it runs
    EXPECT_EQ(mp_process_kill(held.process.get(), SIGNAL_KILL), MP_ESRCH);
    EXPECT_EQ(mp_process_release(held.process.get(), &id), MP_ECHILD);
    held.process.reset();
    held.hold.Close();
    EXPECT_EQ(WaitForSingleObject(child.get(), DEADLINE_MS), WAIT_OBJECT_0);
    DWORD code = 1;
    EXPECT_TRUE(GetExitCodeProcess(child.get(), &code));
    EXPECT_EQ(code, 0U);
}

TEST(Release, EndsAWaitWithTheChild)
{
    Held held = StartHeld();
    std::thread waiter([&] {
        EXPECT_EQ(mp_process_wait(held.process.get(), DEADLINE_MS, nullptr, nullptr), MP_ECHILD);
    });
    mp_process_id id = nullptr;
    ASSERT_EQ(mp_process_release(held.process.get(), &id), 0);
    const Fd child(id);
    held.hold.Close();
    waiter.join();
    EXPECT_EQ(WaitForSingleObject(child.get(), DEADLINE_MS), WAIT_OBJECT_0);
}

TEST(Release, RefusesAChildWhoseEndWasSeen)
{
    const Process process = ChildCommand("exit_code").Start();
    Wait(process.get());
    mp_process_id id = nullptr;
    EXPECT_EQ(mp_process_release(process.get(), &id), MP_ECHILD);
    EXPECT_EQ(id, nullptr);
    EXPECT_EQ(mp_process_release(nullptr, &id), MP_EINVAL);
    EXPECT_EQ(mp_process_release(process.get(), nullptr), MP_EINVAL);
}

TEST(Release, KeepsOnExitFromBeingCalled)
{
    Ends ends, next;
    Held held = StartHeld();
    ASSERT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, nullptr), 0);
    mp_process_id id;
    ASSERT_EQ(mp_process_release(held.process.get(), &id), 0);
    const Fd child(id);
    EXPECT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, nullptr), MP_ECHILD);
    held.hold.Close();
    EXPECT_EQ(WaitForSingleObject(child.get(), DEADLINE_MS), WAIT_OBJECT_0);
    const Process process = ChildCommand("exit_code").Start();
    ASSERT_EQ(mp_process_on_exit(process.get(), Ends::Callback, &next, nullptr), 0);
    EXPECT_TRUE(next.Await(1));
    EXPECT_EQ(ends.count(), 0);
}

TEST(Kill, KnowsTwoSignals)
{
    const Held held = StartHeld();
    EXPECT_EQ(mp_process_kill(held.process.get(), 2), MP_ENOTSUP);
    EXPECT_EQ(mp_process_kill(held.process.get(), 12345), MP_ENOTSUP);
    EXPECT_EQ(mp_process_kill(held.process.get(), SIGNAL_KILL), 0);
    const mp_exit exit = Wait(held.process.get());
    EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
    EXPECT_EQ(exit.value, SIGNAL_KILL);
}

TEST(Kill, OfTwoSignalsTheFirstOneCounts)
{
    for (int i = 0; i < 10; ++i) {
        const Held held = StartHeld();
        EXPECT_EQ(mp_process_kill(held.process.get(), SIGNAL_TERM), 0);
        EXPECT_EQ(mp_process_kill(held.process.get(), SIGNAL_KILL), 0);
        const mp_exit exit = Wait(held.process.get());
        EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
        EXPECT_EQ(exit.value, SIGNAL_TERM);
    }
}

TEST(Kill, AnExitCodeThatLooksLikeASignalIsNone)
{
    const Process process = ChildCommand("exit_code", {"137"}).Start();
    EXPECT_TRUE(WaitEnded(process.get()));
    EXPECT_EQ(mp_process_kill(process.get(), SIGNAL_KILL), 0);
    const mp_exit exit = Wait(process.get());
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(exit.value, 137);
}

} // namespace
} // namespace mp::test
