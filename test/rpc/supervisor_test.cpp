// Children that are started again.
#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <kj/io.h>
#include <rpc/support/errors.h>
#include <rpc/support/supervised.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace mp::test {
namespace {

TEST_F(SupervisorTest, StartsAChildAndHandsItsObjectOver)
{
    start(options(Restart::Always));
    EXPECT_EQ(client()->addOnWorker(1, 2), 3);
    EXPECT_TRUE(m_logs.hasLine(Log::Info, THREAD + "Supervisor: started 'mp_test_worker', process \\d+"));
}

TEST_F(SupervisorTest, NeverStartsAgain)
{
    start(options(Restart::Never));
    EXPECT_EQ(ErrorOf([&] { client()->run("fail"); }), INTERRUPTED);
    EXPECT_EQ(end().exit.value().value, 3);
    EXPECT_EQ(end().reason, "'mp_test_worker' exited with code 3");
    EXPECT_FALSE(end().restart);
    EXPECT_FALSE(end().gave_up);
    EXPECT_TRUE(m_logs.waitFor("Supervisor: 'mp_test_worker' exited with code 3; doesn't start again"));
    m_supervisor->stop(0ms);
    EXPECT_EQ(starts(), 1u);
    EXPECT_EQ(ends(), 1u);
}

TEST_F(SupervisorTest, StartsAgainOnFailure)
{
    start(options(Restart::OnFailure));
    EXPECT_EQ(ErrorOf([&] { client()->run("fail"); }), INTERRUPTED);
    EXPECT_EQ(end().restart, 1ms);
    EXPECT_EQ(ErrorOf([&] { client(1)->run("die"); }), INTERRUPTED);
    EXPECT_EQ(end(1).restart, 2ms);
    EXPECT_EQ(end(1).exit.value().value, SIGKILL);
    EXPECT_TRUE(m_logs.waitFor("Supervisor: 'mp_test_worker' was killed by signal 9; starts again in 2 ms"));
    EXPECT_EQ(ErrorOf([&] { client(2)->run("end"); }), INTERRUPTED);
    EXPECT_FALSE(end(2).restart);
    EXPECT_FALSE(end(2).gave_up);
    m_supervisor->stop(0ms);
    EXPECT_EQ(starts(), 3u);
}

TEST_F(SupervisorTest, StartsAgainAlways)
{
    start(options(Restart::Always));
    EXPECT_EQ(ErrorOf([&] { client()->run("end"); }), INTERRUPTED);
    EXPECT_EQ(end().restart, 1ms);
    EXPECT_EQ(client(1)->addOnWorker(1, 2), 3);
}

TEST_F(SupervisorTest, EndsOldCallsWithTheChild)
{
    start(options(Restart::OnFailure));
    const SharedClient old = client();
    constexpr int CALLERS = 4;
    std::vector<std::thread> callers;
    for (int i = 0; i < CALLERS; ++i) {
        callers.emplace_back([&] {
            const std::string error = ErrorOf([&] { old->run("hold"); });
            EXPECT_TRUE(error == INTERRUPTED || error == AFTER) << error;
        });
    }
    EXPECT_EQ(ErrorOf([&] { old->run("die"); }), INTERRUPTED);
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(client(1)->run("x"), "x");
    EXPECT_EQ(ErrorOf([&] { old->run("x"); }), AFTER);
}

//! Workers whose own children, once they share, have their sockets until the test ends.
class SupervisorShared : public SupervisorTest
{
protected:
    SupervisorShared()
    {
        int fds[2];
        EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
        m_read = kj::AutoCloseFd(fds[0]);
        m_write = kj::AutoCloseFd(fds[1]);
    }
    ~SupervisorShared() noexcept override = default;

    SupervisorOptions sharing() const
    {
        SpawnOptions worker = Worker();
        worker.fds = {{m_read.get(), 3}};
        return options(Restart::OnFailure, worker);
    }

private:
    kj::AutoCloseFd m_read;
    kj::AutoCloseFd m_write;
};

TEST_F(SupervisorShared, EndsOldCalls)
{
    start(sharing());
    const SharedClient old = client();
    EXPECT_EQ(old->run("share"), "share");
    std::thread caller([&] { EXPECT_TRUE(SucceededOrDisconnected(ErrorOf([&] { old->run("hold"); }))); });
    EXPECT_EQ(ErrorOf([&] { old->run("die"); }), INTERRUPTED);
    caller.join();
    EXPECT_EQ(client(1)->run("x"), "x");
}

TEST_F(SupervisorShared, EndsCallsOfCallbacks)
{
    m_on_start = [this, first = true]() mutable {
        if (!std::exchange(first, false)) return;
        EXPECT_EQ(client()->run("share"), "share");
        EXPECT_EQ(ErrorOf([&] { client()->run("die"); }), INTERRUPTED);
    };
    start(sharing());
    EXPECT_EQ(client(1)->run("x"), "x");
}

TEST_F(SupervisorTest, WaitsLongerAndGivesUp)
{
    SupervisorOptions missing = options(Restart::OnFailure, {.argv = {"/no/such/program"}});
    missing.backoff.max = 4ms;
    missing.backoff.max_restarts = 4;
    missing.backoff.window = 1h;
    start(missing);
    std::vector<int64_t> delays;
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_FALSE(end(i).exit);
        EXPECT_NE(end(i).reason.find("/no/such/program"), std::string::npos) << end(i).reason;
        EXPECT_FALSE(end(i).gave_up);
        delays.push_back(end(i).restart.value().count());
    }
    EXPECT_EQ(delays, (std::vector<int64_t>{1, 2, 4, 4}));
    EXPECT_TRUE(end(4).gave_up);
    EXPECT_FALSE(end(4).restart);
    EXPECT_TRUE(m_logs.waitFor("gives up after too many restarts"));
    EXPECT_EQ(m_logs.countLevel(Log::Error), 1u);
    m_supervisor->stop(0ms);
    EXPECT_EQ(starts(), 0u);
    EXPECT_EQ(ends(), 5u);
}

TEST_F(SupervisorTest, CountsAChildThatDoesNotAnswerAsAFailure)
{
    start(options(Restart::OnFailure, ShellOptions("exit 0")));
    EXPECT_EQ(end().reason, "'sh' exited with code 0 before it answered");
    EXPECT_EQ(end().exit.value().value, 0);
    EXPECT_EQ(end().restart, 1ms);
    EXPECT_EQ(end(1).restart, 2ms);
}

//! Whether a process has ended, though perhaps nobody has waited for it.
bool IsGone(const std::string& pid)
{
    std::ifstream file("/proc/" + pid + "/stat");
    std::string text;
    return !std::getline(file, text) || text.find(") Z ") != std::string::npos;
}

//! A child whose spawn server is killed runs on, but nobody can tell any more how it ends.
bool ReplacesLostChild()
{
    setenv("MP_SPAWN_SERVER", MP_TEST_SPAWN_SERVER, 1);
    Logs logs;
    LoopThread thread(logs.options());
    std::vector<std::unique_ptr<ServiceSupervisor::Client>> clients;
    std::vector<std::string> pids;
    std::vector<ChildEnd> ends;
    bool was_gone = false;
    Signal replaced;
    ServiceSupervisor supervisor(thread.loop(),
                                 {.spawn = {.argv = {MP_TEST_WORKER, "serve"}, .flags = MP_SPAWN_PRIVATE},
                                  .restart = Restart::OnFailure,
                                  .backoff = {.initial = 1ms},
                                  .on_exit = [&](const ChildEnd& end) { ends.push_back(end); }},
                                 [&](std::unique_ptr<ServiceSupervisor::Client> client, const Process&) {
                                     clients.push_back(std::move(client));
                                     pids.push_back(clients.back()->run("pid"));
                                     if (clients.size() == 1) {
                                         clients[0]->run("stay");
                                         kill(std::stoi(clients[0]->run("parent")), SIGKILL);
                                     } else {
                                         was_gone = IsGone(pids[0]);
                                         replaced.set();
                                     }
                                 });
    const bool was_replaced = replaced.wait();
    supervisor.stop(0ms);
    return was_replaced && was_gone && ends.at(0).exit.value().how == MP_EXIT_LOST && ends.at(0).restart;
}

TEST(SupervisorDeathTest, ReplacesAChildThatItHasLost)
{
    // In a process of its own, to which the server belongs.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(_exit(ReplacesLostChild() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST_F(SupervisorTest, ForgetsFailuresOfAChildThatRanLong)
{
    SupervisorOptions supervised = options(Restart::OnFailure);
    supervised.backoff.reset_after = 0ms;
    start(supervised);
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(ErrorOf([&] { client(i)->run("fail"); }), INTERRUPTED);
        EXPECT_EQ(end(i).restart, 1ms);
    }
}

TEST_F(SupervisorTest, GoesOnWhenCallbacksThrow)
{
    m_on_start = [] { throw std::runtime_error("at start"); };
    m_on_exit = [] { throw std::runtime_error("at exit"); };
    start(options(Restart::Always));
    EXPECT_EQ(ErrorOf([&] { client()->run("fail"); }), INTERRUPTED);
    EXPECT_EQ(client(1)->run("x"), "x");
    EXPECT_TRUE(m_logs.waitFor("Supervisor: on_start threw: at start", 2));
    EXPECT_TRUE(m_logs.waitFor("Supervisor: on_exit threw: at exit"));
}

TEST_F(SupervisorTest, RestartsAChildWhoseClientIsDropped)
{
    m_on_start = [&] {
        // Its connection is closed, which ends the worker.
        if (ends() == 0) clear();
    };
    start(options(Restart::Always));
    EXPECT_EQ(end().exit.value().how, MP_EXIT_EXITED);
    EXPECT_EQ(end().exit.value().value, 0);
    EXPECT_EQ(end().restart, 1ms);
}

TEST_F(SupervisorTest, LogsWhatTheChildPrints)
{
    SpawnOptions worker = Worker();
    worker.name = "crasher";
    worker.err = Stdio::Log;
    start(options(Restart::OnFailure, worker));
    client()->run("print");
    EXPECT_EQ(ErrorOf([&] { client()->run("die"); }), INTERRUPTED);
    EXPECT_TRUE(m_logs.waitFor("crasher: last words"));
    EXPECT_TRUE(m_logs.waitFor("Supervisor: 'crasher' was killed by signal 9"));
    EXPECT_EQ(client(1)->run("print"), "print");
}

TEST_F(SupervisorTest, RefusesABackoffThatMakesNoSense)
{
    SupervisorOptions wrong = options(Restart::Always);
    wrong.backoff.factor = 0;
    EXPECT_THROW(start(wrong), std::invalid_argument);
}

} // namespace
} // namespace mp::test
