// The end of supervisors.
#include <gtest/gtest.h>

#include <csignal>
#include <rpc/support/errors.h>
#include <rpc/support/race.h>
#include <rpc/support/supervised.h>
#include <thread>

namespace mp::test {
namespace {

using SupervisorStop = SupervisorTest;

TEST_F(SupervisorStop, EndsTheChildWhenItStops)
{
    start(options(Restart::Always));
    client();
    m_supervisor->stop(DEADLINE);
    EXPECT_EQ(ends(), 1u);
    EXPECT_EQ(end().exit.value().value, SIGTERM);
    EXPECT_FALSE(end().restart);
    EXPECT_EQ(m_logs.countLevel(Log::Error), 0u);
    m_supervisor->stop(0ms);
}

TEST_F(SupervisorStop, EndsTheChildWhenItIsDestroyed)
{
    start(options(Restart::Always));
    client();
    m_supervisor.reset();
    EXPECT_EQ(end().exit.value().value, SIGTERM);
}

TEST_F(SupervisorStop, KillsAChildThatDoesNotEnd)
{
    start(options(Restart::Always));
    EXPECT_EQ(client()->run("ignore"), "ignore");
    m_supervisor->stop(1ms);
    EXPECT_EQ(end().exit.value().value, SIGKILL);
}

TEST_F(SupervisorStop, AsksAChildOnlyOnceToEnd)
{
    SpawnOptions worker = Worker();
    worker.err = Stdio::Log;
    Signal refuses;
    Signal asked;
    m_on_start = [&] {
        EXPECT_EQ(client()->run("refuse"), "refuse");
        refuses.set();
        EXPECT_TRUE(asked.wait());
    };
    start(options(Restart::Always, worker));
    EXPECT_TRUE(refuses.wait());
    std::thread stops([&] { m_supervisor->stop(DEADLINE); });
    EXPECT_TRUE(m_logs.waitFor("mp_test_worker: not yet"));
    // Now the supervisor's own thread sees that it is to stop, too.
    asked.set();
    m_supervisor->stop(20ms);
    stops.join();
    EXPECT_EQ(end().exit.value().value, SIGKILL);
    EXPECT_EQ(m_logs.count("mp_test_worker: not yet"), 1u);
}

TEST_F(SupervisorStop, EndsTheChildWithTheShortestGracePeriod)
{
    m_on_start = [&] {
        EXPECT_EQ(client()->run("ignore"), "ignore");
        m_supervisor->stop(1ms);
        m_supervisor->stop(2 * DEADLINE);
    };
    start(options(Restart::Always));
    EXPECT_EQ(end().exit.value().value, SIGKILL);
}

TEST_F(SupervisorStop, StopsWhileItWaits)
{
    SupervisorOptions waits = options(Restart::OnFailure, {.argv = {"/no/such/program"}});
    waits.backoff = {.initial = 1h, .max = 1h};
    start(waits);
    EXPECT_EQ(end().restart, 1h);
    m_supervisor->stop(0ms);
    EXPECT_EQ(ends(), 1u);
}

TEST_F(SupervisorStop, StopsWhileAChildStarts)
{
    Signal starts;
    start(options(Restart::Always, {.make_argv = [&](const SpawnConnectInfo& info) {
                      starts.set();
                      return std::vector<std::string>{MP_TEST_WORKER, "mute", info};
                  }}));
    EXPECT_TRUE(starts.wait());
    m_supervisor->stop(DEADLINE);
    EXPECT_EQ(ends(), 1u);
    EXPECT_EQ(end().exit.value().how, MP_EXIT_SIGNALED);
    EXPECT_FALSE(end().restart);
}

TEST_F(SupervisorStop, GivesAChildThatStartsItsGracePeriod)
{
    SpawnOptions worker = Worker("leave");
    worker.err = Stdio::Log;
    start(options(Restart::Always, worker));
    EXPECT_TRUE(m_logs.waitFor("mp_test_worker: starts"));
    m_supervisor->stop(DEADLINE);
    EXPECT_EQ(end().reason, "'mp_test_worker' exited with code 0 before it answered");
}

TEST_F(SupervisorStop, StopsAtAnyMoment)
{
    for (int i = 0; i < 20; ++i) {
        start(options(Restart::Always, i % 2 ? Worker() : ShellOptions("exit 1")));
        StayBusy(std::chrono::microseconds(i * 500));
        std::vector<std::thread> threads;
        for (int t = 0; t < 3; ++t) threads.emplace_back([&] { m_supervisor->stop(0ms); });
        for (std::thread& thread : threads) thread.join();
        const size_t there_were = ends();
        m_supervisor.reset();
        EXPECT_EQ(ends(), there_were);
        clear();
    }
}

TEST_F(SupervisorStop, StopsInCallbacks)
{
    m_on_start = [&] { m_supervisor->stop(DEADLINE); };
    start(options(Restart::Always));
    EXPECT_EQ(end().exit.value().value, SIGTERM);
    EXPECT_FALSE(end().restart);
    m_supervisor.reset();
    m_on_start = nullptr;
    m_on_exit = [&] { m_supervisor->stop(0ms); };
    start(options(Restart::Always, ShellOptions("exit 1")));
    EXPECT_EQ(end(1).restart, 1ms);
    m_supervisor->stop(0ms);
    EXPECT_EQ(ends(), 2u);
}

TEST_F(SupervisorStop, MayBeDestroyedByACallback)
{
    m_on_start = [&] { m_supervisor.reset(); };
    start(options(Restart::Always));
    EXPECT_EQ(end().exit.value().value, SIGTERM);
    EXPECT_FALSE(end().restart);
    clear();
    // The loop ends after the last callback.
    m_thread.release();
    EXPECT_EQ(ends(), 1u);
}

TEST_F(SupervisorStop, StartsNothingWhenACallbackHasDestroyedIt)
{
    m_on_exit = [&] { m_supervisor.reset(); };
    SupervisorOptions soon = options(Restart::Always, ShellOptions("exit 1"));
    soon.backoff.initial = 0ms;
    start(soon);
    EXPECT_EQ(end().restart, 0ms);
    m_thread.release();
    EXPECT_EQ(ends(), 1u);
}

TEST_F(SupervisorStop, MayBeDestroyedByACallbackWhileItIsStopped)
{
    // Where memory is checked, this finds that it is used after that.
    for (int i = 0; i < 20; ++i) {
        m_on_exit = [&] { m_supervisor.reset(); };
        start(options(Restart::Always));
        client();
        ServiceSupervisor* const supervisor = m_supervisor.get();
        supervisor->stop(DEADLINE);
        EXPECT_EQ(ends(), static_cast<size_t>(i) + 1);
        clear();
    }
}

TEST_F(SupervisorStop, MayBeDestroyedOnTheLoopThread)
{
    start(options(Restart::Always));
    client();
    loop().sync([&] {
        EXPECT_EQ(ErrorOf([&] { m_supervisor->stop(0ms); }), "Supervisor::stop called on the event loop's thread");
        m_supervisor.reset();
    });
    EXPECT_EQ(end().exit.value().value, SIGTERM);
}

} // namespace
} // namespace mp::test
