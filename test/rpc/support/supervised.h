// A supervisor whose callbacks are kept.
#ifndef MP_TEST_RPC_SUPPORT_SUPERVISED_H
#define MP_TEST_RPC_SUPPORT_SUPERVISED_H

#include <chrono>
#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <mp/supervisor.h>
#include <mutex>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <rpc/support/service.capnp.h>
#include <rpc/support/service.capnp.proxy.h>
#include <rpc/support/worker.h>
#include <vector>

namespace mp::test {

using namespace std::chrono_literals;
using ServiceSupervisor = Supervisor<messages::Service>;
using SharedClient = std::shared_ptr<ServiceSupervisor::Client>;

//! A supervisor of workers, and what it told.
class SupervisorTest : public testing::Test
{
protected:
    ~SupervisorTest() override
    {
        clear();
        m_supervisor.reset();
    }

    EventLoop& loop() { return m_thread.loop(); }

    static SupervisorOptions options(Restart restart, SpawnOptions spawn = Worker())
    {
        return {
            .spawn = std::move(spawn), .restart = restart, .backoff = {.initial = 1ms, .max = 8ms, .reset_after = 1h}};
    }

    void start(SupervisorOptions options)
    {
        // Callbacks that use the supervisor wait for it.
        const std::lock_guard making(m_making);
        options.on_exit = [this](const ChildEnd& end) {
            {
                const std::lock_guard lock(m_mutex);
                m_ends.push_back(end);
                m_cv.notify_all();
            }
            call(m_on_exit);
        };
        m_supervisor = std::make_unique<ServiceSupervisor>(
            loop(), std::move(options),
            [this](std::unique_ptr<ServiceSupervisor::Client> client, const Process& process) {
                EXPECT_EQ(client->run("pid"), std::to_string(process.pid()));
                {
                    const std::lock_guard lock(m_mutex);
                    m_clients.push_back(std::move(client));
                    m_cv.notify_all();
                }
                call(m_on_start);
            });
    }

    //! The client of one start, from 0; null when the deadline has passed.
    SharedClient client(size_t number = 0)
    {
        std::unique_lock lock(m_mutex);
        const bool there = m_cv.wait_for(lock, DEADLINE, [&] { return m_clients.size() > number; });
        EXPECT_TRUE(there);
        return there ? m_clients[number] : nullptr;
    }
    //! The same for ends.
    ChildEnd end(size_t number = 0)
    {
        std::unique_lock lock(m_mutex);
        const bool there = m_cv.wait_for(lock, DEADLINE, [&] { return m_ends.size() > number; });
        EXPECT_TRUE(there);
        return there ? m_ends[number] : ChildEnd();
    }
    size_t starts()
    {
        const std::lock_guard lock(m_mutex);
        return m_clients.size();
    }
    size_t ends()
    {
        const std::lock_guard lock(m_mutex);
        return m_ends.size();
    }
    void clear()
    {
        std::vector<SharedClient> clients;
        const std::lock_guard lock(m_mutex);
        clients.swap(m_clients);
    }

    Logs m_logs;
    LoopThread m_thread{m_logs.options()};
    //! Called at the end of callbacks.
    std::function<void()> m_on_start;
    std::function<void()> m_on_exit;
    std::unique_ptr<ServiceSupervisor> m_supervisor;

private:
    void call(const std::function<void()>& fn)
    {
        if (!fn) return;
        {
            const std::lock_guard made(m_making);
        }
        fn();
    }

    std::mutex m_making;
    std::mutex m_mutex;
    std::condition_variable m_cv;
    std::vector<SharedClient> m_clients;
    std::vector<ChildEnd> m_ends;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_SUPERVISED_H
