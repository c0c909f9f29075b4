#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <pthread.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/fault.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

//! Calls of a callback.
class Ends
{
public:
    static void Callback(void* user, mp_process* process, const mp_exit* exit)
    {
        static_cast<Ends*>(user)->Add(process, *exit);
    }

    bool Await(int count)
    {
        std::unique_lock lock(m_mutex);
        return m_changed.wait_for(lock, std::chrono::milliseconds(DEADLINE_MS), [&] { return m_count >= count; });
    }
    int count() const
    {
        const std::lock_guard lock(m_mutex);
        return m_count;
    }
    int sum() const
    {
        const std::lock_guard lock(m_mutex);
        return m_sum;
    }
    pthread_t thread() const
    {
        const std::lock_guard lock(m_mutex);
        return m_thread;
    }

private:
    void Add(mp_process* process, const mp_exit& exit)
    {
        mp_exit again;
        EXPECT_EQ(mp_process_wait(process, 0, &again, nullptr), 0);
        EXPECT_EQ(again.how, exit.how);
        EXPECT_EQ(again.value, exit.value);
        // What it may do with the handle.
        mp_process_unref(mp_process_ref(process));
        EXPECT_EQ(mp_process_kill(process, SIGTERM), MP_ESRCH);
        const std::lock_guard lock(m_mutex);
        m_thread = pthread_self();
        m_sum += exit.value;
        ++m_count;
        m_changed.notify_all();
    }

    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_count{0};
    int m_sum{0};
    pthread_t m_thread{};
};

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
    EXPECT_FALSE(pthread_equal(ends.thread(), pthread_self()));
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
    EXPECT_EQ(kill(pid, 0), 0);
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
    EXPECT_EQ(ends.sum(), SIGKILL);
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

TEST(OnExit, IsNotCalledAfterRelease)
{
    Ends ends;
    Held held = StartHeld();
    ASSERT_EQ(mp_process_on_exit(held.process.get(), Ends::Callback, &ends, nullptr), 0);
    mp_process_id id;
    ASSERT_EQ(mp_process_release(held.process.get(), &id), 0);
    held.hold.Close();
    EXPECT_EQ(waitpid(id, nullptr, 0), id);
    // The library's thread has looked at the end of the other one, and at the next child's.
    Ends next;
    const Process process = ChildCommand("exit_code").Start();
    ASSERT_EQ(mp_process_on_exit(process.get(), Ends::Callback, &next, nullptr), 0);
    EXPECT_TRUE(next.Await(1));
    EXPECT_EQ(ends.count(), 0);
    Process released = ChildCommand("exit_code").Start();
    ASSERT_EQ(mp_process_release(released.get(), &id), 0);
    EXPECT_EQ(mp_process_on_exit(released.get(), Ends::Callback, &ends, nullptr), MP_ECHILD);
    EXPECT_EQ(waitpid(id, nullptr, 0), id);
}

TEST(OnExit, RefusesNull)
{
    const Process process = ChildCommand("exit_code").Start();
    EXPECT_EQ(mp_process_on_exit(nullptr, Ends::Callback, nullptr, nullptr), MP_EINVAL);
    EXPECT_EQ(mp_process_on_exit(process.get(), nullptr, nullptr, nullptr), MP_EINVAL);
    Wait(process.get());
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
