#include <cerrno>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include <support/ends.h>
#include <support/fault.h>
#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

TEST(OnExit, IsNotCalledAfterRelease)
{
    Ends ends;
    Held held = StartHeld();
    ASSERT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, nullptr), 0);
    mp_process_id id;
    ASSERT_EQ(mp_process_release(held.process.get(), &id), 0);
    held.hold.Close();
    EXPECT_EQ(WaitPid(id, nullptr, 0), id);
    // The library's thread has looked at the end of the other one, and at the next child's.
    Ends next;
    const Process process = ChildCommand("exit_code").Start();
    ASSERT_EQ(mp_process_on_exit(process.get(), Ends::Callback, &next, nullptr), 0);
    EXPECT_TRUE(next.Await(1));
    EXPECT_EQ(ends.count(), 0);
    Process released = ChildCommand("exit_code").Start();
    ASSERT_EQ(mp_process_release(released.get(), &id), 0);
    EXPECT_EQ(mp_process_on_exit(released.get(), Ends::Callback, &ends, nullptr), MP_ECHILD);
    EXPECT_EQ(WaitPid(id, nullptr, 0), id);
}

TEST(OnExit, NeedsAThread)
{
    Ends ends;
    Held held = StartHeld();
    {
        mp_error error;
        const Fault fault("thread_start", 1, EAGAIN);
        EXPECT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, &error), MP_EAGAIN);
        EXPECT_EQ(error.status, MP_EAGAIN);
    }
    ASSERT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, nullptr), 0);
    held.hold.Close();
    EXPECT_TRUE(ends.Await(1));
    EXPECT_EQ(ends.count(), 1);
}

} // namespace
} // namespace mp::test
