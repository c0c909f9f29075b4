// Counts the calls of mp_process_on_exit's callback.
#ifndef MP_TEST_SUPPORT_ENDS_H
#define MP_TEST_SUPPORT_ENDS_H

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {

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
    std::thread::id thread() const
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
        EXPECT_EQ(mp_process_kill(process, SIGNAL_TERM), MP_ESRCH);
        const std::lock_guard lock(m_mutex);
        m_thread = std::this_thread::get_id();
        m_sum += exit.value;
        ++m_count;
        m_changed.notify_all();
    }

    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_count{0};
    int m_sum{0};
    std::thread::id m_thread;
};

} // namespace mp::test

#endif // MP_TEST_SUPPORT_ENDS_H
