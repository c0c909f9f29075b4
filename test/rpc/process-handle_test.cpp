// mp::Process: what it adds to the process layer's handle, which has tests of its own.
#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <mp/event-loop.h>
#include <mp/process.h>
#include <poll.h>
#include <rpc/support/errors.h>
#include <rpc/support/held-child.h>
#include <rpc/support/leader.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace mp::test {
namespace {

using std::chrono::milliseconds;

//! Starts what stays when a test has ended.
class SpawnServer : public testing::Environment
{
    void SetUp() override
    {
        if (PrivateFlag() == 0) return;
        setenv("MP_SPAWN_SERVER", MP_TEST_SPAWN_SERVER, 1);
        Start(Shell("exit 0")).wait();
    }
};
[[maybe_unused]] const auto* const g_spawn_server =
    testing::AddGlobalTestEnvironment(new SpawnServer); // owned by the list

template <typename Fn>
std::error_code CodeOf(Fn&& fn)
{
    try {
        fn();
    } catch (const std::system_error& e) {
        return e.code();
    }
    return {};
}

const std::error_code NO_PROCESS(EINVAL, std::system_category());

TEST(ProcessHandle, MayBeWithoutAChild)
{
    const Process none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.get(), nullptr);
    EXPECT_EQ(none.exitFd(), MP_HANDLE_INVALID);
    EXPECT_EQ(CodeOf([&] { none.pid(); }), NO_PROCESS);
    EXPECT_EQ(CodeOf([&] { none.wait(); }), NO_PROCESS);
    EXPECT_EQ(CodeOf([&] { none.wait(milliseconds(0)); }), NO_PROCESS);
    EXPECT_EQ(CodeOf([&] { none.kill(SIGTERM); }), NO_PROCESS);
    EXPECT_EQ(CodeOf([&] { none.killGroup(SIGTERM); }), NO_PROCESS);
    EXPECT_EQ(CodeOf([&] { none.terminate(milliseconds(0)); }), NO_PROCESS);
}

TEST(ProcessHandle, TellsHowTheChildEnded)
{
    const Process process = Start(Shell("exit 3"));
    EXPECT_GT(process.pid(), 0);
    const mp_exit exit = process.wait();
    EXPECT_EQ(exit.how, MP_EXIT_EXITED);
    EXPECT_EQ(exit.value, 3);
    EXPECT_EQ(process.wait(milliseconds(0)).value().value, 3);
    EXPECT_EQ(process.terminate(milliseconds(0)).value, 3);
}

TEST(ProcessHandle, DescribesAnEnd)
{
    auto text = [](mp_exit_how how, int value, bool core_dumped) {
        mp_exit exit{};
        exit.how = how;
        exit.value = value;
        exit.core_dumped = core_dumped;
        return Describe(exit);
    };
    EXPECT_EQ(text(MP_EXIT_EXITED, 3, false), "exited with code 3");
    EXPECT_EQ(text(MP_EXIT_SIGNALED, 9, false), "was killed by signal 9");
    EXPECT_EQ(text(MP_EXIT_SIGNALED, 11, true), "was killed by signal 11 (core dumped)");
    EXPECT_EQ(text(MP_EXIT_LOST, 0, false), "ended (its status is lost)");
}

TEST(ProcessHandle, WaitsForAWhile)
{
    HeldChild child;
    for (const int time : {0, -1, 1}) EXPECT_FALSE(child.process.wait(milliseconds(time)));
    child.letGo();
    // More than the process layer counts to.
    EXPECT_EQ(child.process.wait(milliseconds::max()).value().value, 0);
}

TEST(ProcessHandle, SendsSignalsAndSaysWhetherAnybodyWasThere)
{
    HeldChild child;
    EXPECT_TRUE(child.process.kill(0));
    EXPECT_TRUE(child.process.kill(SIGKILL));
    EXPECT_EQ(child.process.wait().value, SIGKILL);
    EXPECT_FALSE(child.process.kill(SIGKILL));
    EXPECT_EQ(CodeOf([&] { HeldChild().process.kill(12345); }), NO_PROCESS);
    // It leads no group.
    EXPECT_EQ(CodeOf([&] { HeldChild().process.killGroup(SIGKILL); }), NO_PROCESS);
}

TEST(ProcessHandle, SignalsItsGroup)
{
    const HeldChild child(MP_SPAWN_OWN_GROUP);
    EXPECT_TRUE(child.process.killGroup(SIGKILL));
    EXPECT_EQ(child.process.wait().value, SIGKILL);
}

TEST(ProcessHandle, EndsAChild)
{
    EXPECT_EQ(HeldChild().process.terminate(DEADLINE).value, SIGTERM);
    HeldChild stubborn(0, "trap '' TERM; ");
    EXPECT_TRUE(stubborn.waitReady());
    EXPECT_EQ(stubborn.process.terminate(milliseconds(0)).value, SIGKILL);
}

TEST(ProcessHandle, MovesItsReference)
{
    HeldChild child;
    const int pid = child.process.pid();
    Process other(std::move(child.process));
    EXPECT_FALSE(child.process); // NOLINT(bugprone-use-after-move): it has none
    Process third;
    third = std::move(other);
    Process& same = third;
    third = std::move(same);
    EXPECT_EQ(third.pid(), pid);
    child.letGo();
    EXPECT_EQ(third.wait().value, 0);
    third = Process();
    EXPECT_FALSE(third);
}

TEST(ProcessHandle, KillsWhenTheLastReferenceGoesIfToldSo)
{
    HeldChild child(MP_SPAWN_KILL_ON_UNREF);
    Process other(mp_process_ref(child.process.get()));
    child.process = Process();
    EXPECT_TRUE(other.kill(0));
    const int copy = fcntl(other.exitFd(), F_DUPFD_CLOEXEC, 0);
    other = Process();
    pollfd ended{copy, POLLIN, 0};
    // It would run on until it is let go.
    EXPECT_EQ(poll(&ended, 1, -1), 1);
    close(copy);
}

//! A loop, and a child that is watched on it.
class ProcessPromise : public testing::Test
{
protected:
    EventLoop& loop() { return m_thread.loop(); }

    //! Have the loop watch the child.
    void watch(const Process& process)
    {
        loop().sync([&] {
            m_promises.push_back(process.onExit(loop())
                                     .then([this](mp_exit exit) {
                                         EXPECT_TRUE(loop().isLoopThread());
                                         m_value = exit.value;
                                         if (++m_ended == m_promises.size()) m_all_ended.set();
                                     })
                                     .eagerlyEvaluate(nullptr));
        });
    }
    //! Stop watching.
    void cancel()
    {
        loop().sync([&] { m_promises.clear(); });
    }
    void TearDown() override { cancel(); }

    Logs m_logs;
    LoopThread m_thread{m_logs.options()};
    std::vector<kj::Promise<void>> m_promises;
    Signal m_all_ended;
    std::atomic<size_t> m_ended{0};
    std::atomic<int> m_value{-1};
};

TEST_F(ProcessPromise, TellsOfAnEnd)
{
    HeldChild child;
    watch(child.process);
    EXPECT_FALSE(m_all_ended.isSet());
    EXPECT_TRUE(child.process.kill(SIGKILL));
    EXPECT_TRUE(m_all_ended.wait());
    EXPECT_EQ(m_value, SIGKILL);
    EXPECT_EQ(child.process.wait(milliseconds(0)).value().value, SIGKILL);
}

TEST_F(ProcessPromise, TellsOfAnEndThatWas)
{
    const Process process = Start(Shell("exit 4"));
    process.wait();
    watch(process);
    EXPECT_TRUE(m_all_ended.wait());
    EXPECT_EQ(m_value, 4);
}

TEST_F(ProcessPromise, TellsOfAnEndThatNobodyHasSeen)
{
    const Process process = Start(Shell("exit 4"));
    pollfd ended{process.exitFd(), POLLIN, 0};
    ASSERT_EQ(poll(&ended, 1, -1), 1);
    watch(process);
    EXPECT_TRUE(m_all_ended.wait());
    EXPECT_EQ(m_value, 4);
}

TEST_F(ProcessPromise, TellsAsManyAsAsk)
{
    HeldChild child;
    for (int i = 0; i < 20; ++i) watch(child.process);
    child.letGo();
    EXPECT_TRUE(m_all_ended.wait());
    EXPECT_EQ(m_value, 0);
}

TEST_F(ProcessPromise, OutlivesTheHandle)
{
    HeldChild child(MP_SPAWN_KILL_ON_UNREF);
    watch(child.process);
    child.process = Process();
    EXPECT_FALSE(m_all_ended.isSet());
    child.letGo();
    EXPECT_TRUE(m_all_ended.wait());
    // Its reference kept the child from being killed.
    EXPECT_EQ(m_value, 0);
}

TEST_F(ProcessPromise, LeavesNothingWhenItIsCancelled)
{
    HeldChild child;
    watch(child.process);
    watch(child.process);
    cancel();
    watch(child.process);
    child.letGo();
    EXPECT_TRUE(m_all_ended.wait());
    EXPECT_EQ(m_ended, 1u);
}

TEST_F(ProcessPromise, DropsTheLastReferenceWhenItIsCancelled)
{
    HeldChild child(MP_SPAWN_KILL_ON_UNREF);
    const int copy = fcntl(child.process.exitFd(), F_DUPFD_CLOEXEC, 0);
    watch(child.process);
    child.process = Process();
    cancel();
    pollfd ended{copy, POLLIN, 0};
    EXPECT_EQ(poll(&ended, 1, -1), 1);
    close(copy);
}

TEST_F(ProcessPromise, IsFulfilledByAThreadThatServesTheLoop)
{
    bool led = false;
    while (!led) {
        LoopThread thread(m_logs.options());
        // Unless the loop's own thread was there first.
        const Leader leader(thread.loop());
        EXPECT_TRUE(leader.leads());
        HeldChild child;
        Signal ended;
        kj::Promise<void> promise(nullptr);
        thread.loop().sync([&] {
            promise = child.process.onExit(thread.loop())
                          .then([&](mp_exit) {
                              led = std::this_thread::get_id() == leader.id();
                              ended.set();
                          })
                          .eagerlyEvaluate(nullptr);
        });
        child.letGo();
        EXPECT_TRUE(ended.wait());
        thread.loop().sync([&] { promise = nullptr; });
    }
}

TEST_F(ProcessPromise, IsForTheLoopThread)
{
    const HeldChild child;
    EXPECT_EQ(ErrorOf([&] { child.process.onExit(loop()); }),
              "Process::onExit called on another thread than the loop's");
}

TEST_F(ProcessPromise, NeedsAChild)
{
    std::error_code code;
    loop().sync([&] { code = CodeOf([&] { Process().onExit(loop()); }); });
    EXPECT_EQ(code, NO_PROCESS);
}

#if !defined(__SANITIZE_ADDRESS__)
// The undefined behaviour sanitizer, which comes with this one, needs descriptors of its own and dies without.
TEST_F(ProcessPromise, FailsWithoutDescriptors)
{
    HeldChild child;
    rlimit limit;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    std::string error;
    loop().sync([&] {
        const int next = dup(STDIN_FILENO);
        close(next);
        const rlimit none{static_cast<rlim_t>(next), limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &none);
        error = ErrorOf([&] { child.process.onExit(loop()); });
        setrlimit(RLIMIT_NOFILE, &limit);
    });
    EXPECT_NE(error.find("Too many open files"), std::string::npos) << error;
    watch(child.process);
    child.letGo();
    EXPECT_TRUE(m_all_ended.wait());
}
#endif

} // namespace
} // namespace mp::test
