#include <atomic>
#include <csignal>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

//! Sets a disposition and the thread's mask, and puts both back.
class SignalSettings
{
public:
    SignalSettings()
    {
        sigemptyset(&m_block);
        for (const int number : {SIGUSR1, SIGTERM, SIGRTMIN + 3}) sigaddset(&m_block, number);
        pthread_sigmask(SIG_SETMASK, &m_block, &m_before);
        std::signal(SIGPIPE, SIG_IGN);
        std::signal(SIGUSR2, SIG_IGN);
        std::signal(SIGINT, [](int) {});
    }
    ~SignalSettings()
    {
        for (const int number : {SIGPIPE, SIGUSR2, SIGINT}) std::signal(number, SIG_DFL);
        pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
    }
    void ExpectUnchanged() const
    {
        sigset_t now;
        pthread_sigmask(SIG_SETMASK, nullptr, &now);
        for (int number = 1; number < NSIG; ++number) {
            EXPECT_EQ(sigismember(&now, number), sigismember(&m_block, number)) << number;
        }
        struct sigaction action;
        sigaction(SIGPIPE, nullptr, &action);
        EXPECT_EQ(action.sa_handler, SIG_IGN);
        sigaction(SIGINT, nullptr, &action);
        EXPECT_NE(action.sa_handler, SIG_DFL);
    }

private:
    sigset_t m_before;
    sigset_t m_block;
};

std::map<std::string, std::string> SignalsOfChild(uint64_t flags)
{
    Command command = ChildCommand("print_signals");
    command.Flags(flags);
    return ParseLines(OutputOf(command));
}

TEST(Signals, ChildStartsWithEmptyMaskAndDefaultDispositions)
{
    const SignalSettings settings;
    auto seen = SignalsOfChild(0);
    EXPECT_EQ(seen.at("blocked"), "");
    EXPECT_EQ(seen.at("ignored"), "");
    settings.ExpectUnchanged();
}

TEST(Signals, ChildKeepsMaskAndIgnoredSignalsIfAskedTo)
{
    const SignalSettings settings;
    auto seen = SignalsOfChild(MP_SPAWN_KEEP_SIGNALS);
    EXPECT_EQ(seen.at("blocked"), std::to_string(SIGUSR1) + " " + std::to_string(SIGTERM) + " " +
                                      std::to_string(SIGRTMIN + 3));
    EXPECT_EQ(seen.at("ignored"), std::to_string(SIGUSR2) + " " + std::to_string(SIGPIPE));
    settings.ExpectUnchanged();
}

TEST(Signals, ANaiveSpawnInheritsThem)
{
    const SignalSettings settings;
    auto seen = ParseLines(NaiveOutputOf(ChildPath("print_signals")));
    EXPECT_NE(seen.at("blocked"), "");
    EXPECT_NE(seen.at("ignored"), "");
}

std::atomic<int> g_sigchld{0};

//! Counts SIGCHLD while it lives.
class SigchldCounter
{
public:
    SigchldCounter()
    {
        g_sigchld = 0;
        std::signal(SIGCHLD, [](int) { ++g_sigchld; });
    }
    ~SigchldCounter() { std::signal(SIGCHLD, SIG_DFL); }
};

TEST(Signals, AHandlerThatALibraryInstallsIsNoticed)
{
    // What the end of every test compares.
    const ProcessState before = ProcessState::Now();
    signal(SIGCHLD, [](int) {});
    EXPECT_NE(ProcessState::Now(), before);
    signal(SIGCHLD, SIG_DFL);
    EXPECT_EQ(ProcessState::Now(), before);
}

TEST(Signals, AFailedSpawnRaisesNoSigchld)
{
    const SigchldCounter counter;
    for (int i = 0; i < 20; ++i) {
        Process process;
        EXPECT_EQ(Command({"/no/such/program"}).Spawn(process), MP_ENOENT);
    }
    EXPECT_EQ(g_sigchld, 0);
    const Process process = ChildCommand("exit_code").Start(); // the counter does count
    Wait(process.get());
    EXPECT_EQ(g_sigchld, 1);
}

TEST(Signals, AFailedSpawnWorksWhileSigchldIsIgnored)
{
    std::signal(SIGCHLD, SIG_IGN);
    Process process;
    EXPECT_EQ(Command({"/no/such/program"}).Spawn(process), MP_ENOENT);
    std::signal(SIGCHLD, SIG_DFL);
}

} // namespace
} // namespace mp::test
