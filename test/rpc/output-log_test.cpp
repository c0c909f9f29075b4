// What children print, in the log of an event loop.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <mp/spawn-client.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <rpc/support/race.h>
#include <rpc/support/service.capnp.h>
#include <rpc/support/service.capnp.proxy.h>
#include <rpc/support/signal.h>
#include <rpc/support/worker.h>
#include <support/process_state.h>
#include <thread>
#include <unistd.h>

namespace mp::test {
namespace {

SpawnOptions Logged(SpawnOptions options, const std::string& name = "")
{
    options.name = name;
    options.out = options.err = Stdio::Log;
    return options;
}

//! Messages of a level whose text begins so.
std::vector<std::string> Lines(const Logs& logs, Log level, const std::string& begin)
{
    std::vector<std::string> lines;
    for (const LogMessage& message : logs.messages()) {
        if (message.level == level && message.message.starts_with(begin)) lines.push_back(message.message);
    }
    return lines;
}

using Expected = std::vector<std::string>;

TEST(OutputLog, HasLinesWithTheNameOfTheChild)
{
    Logs logs;
    LoopThread thread(logs.options());
    const Process process =
        Spawn(Logged(ShellOptions("echo one; echo; printf 'two\\nthree'; echo bad >&2; printf 'worse' >&2"), "child"),
              &thread.loop());
    EXPECT_EQ(process.wait().value, 0);
    EXPECT_TRUE(logs.waitFor("child: three"));
    EXPECT_TRUE(logs.waitFor("child: worse"));
    EXPECT_EQ(Lines(logs, Log::Info, "child:"), (Expected{"child: one", "child: ", "child: two", "child: three"}));
    EXPECT_EQ(Lines(logs, Log::Warning, "child:"), (Expected{"child: bad", "child: worse"}));
}

TEST(OutputLog, EscapesWhatCanNotBePrinted)
{
    Logs logs;
    LoopThread thread(logs.options());
    const Process process = Spawn(Logged(ShellOptions(R"(printf '\033[2Ja\000b\\\n\303\251\r')")), &thread.loop());
    process.wait();
    EXPECT_TRUE(logs.waitFor("sh: \\c3\\a9\\0d"));
    EXPECT_EQ(Lines(logs, Log::Info, "sh:").at(0), "sh: \\1b[2Ja\\00b\\\\");
}

TEST(OutputLog, HasLongLinesInPieces)
{
    Logs logs;
    LoopThread thread(logs.options());
    const Process process = Spawn(Logged(ShellOptions("printf '%010000d' 7")), &thread.loop());
    process.wait();
    EXPECT_TRUE(logs.waitFor("07"));
    const auto lines = Lines(logs, Log::Info, "sh: ");
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].size(), 4u + MP_CAPTURE_LINE_DEFAULT);
    EXPECT_EQ(lines[0].size() + lines[1].size(), 8u + 10000);
}

TEST(OutputLog, HasTheLastWordsOfAWorkerThatDies)
{
    Logs logs;
    LoopThread thread(logs.options());
    SpawnOptions options = Worker();
    options.err = Stdio::Log;
    auto [process, client] = SpawnClient<messages::Service>(thread.loop(), options);
    client->run("print");
    EXPECT_THROW(client->run("die"), std::runtime_error);
    EXPECT_TRUE(logs.waitFor("mp_test_worker: last words"));
    EXPECT_TRUE(logs.hasLine(Log::Warning, "mp_test_worker: last words"));
    process.wait();
}

TEST(OutputLog, ReadsAlsoWhatIsNotLogged)
{
    Logs logs;
    LoopThread thread(logs.options(Log::Warning));
    // More than fits into a pipe.
    const Process process =
        Spawn(Logged(ShellOptions("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo end >&2")),
              &thread.loop());
    EXPECT_EQ(process.wait().value, 0);
    EXPECT_TRUE(logs.waitFor("sh: end"));
    EXPECT_EQ(logs.count("sh: "), 1u);
}

TEST(OutputLog, GoesOnWhenTheLogFunctionThrows)
{
    Logs logs;
    LoopThread thread(LogOptions{.log_fn = [fn = logs.fn()](LogMessage message) {
        const bool thrown = message.message == "sh: one";
        fn(std::move(message));
        if (thrown) throw std::runtime_error("full");
    }});
    const Process process = Spawn(Logged(ShellOptions("echo one; echo two")), &thread.loop());
    process.wait();
    EXPECT_TRUE(logs.waitFor("sh: two"));
}

TEST(OutputLog, IsCompleteWhenTheLoopEnds)
{
    Logs logs;
    Signal reading;
    Signal ending;
    LoopThread thread(LogOptions{.log_fn = [&, fn = logs.fn()](LogMessage message) {
        fn(message);
        if (message.message.find("EventLoop::loop bye.") != std::string::npos) ending.set();
        if (message.message != "sh: first") return;
        reading.set();
        EXPECT_TRUE(ending.wait());
        // The loop is being destroyed.
        StayBusy(std::chrono::milliseconds(20));
    }});
    int fds[2];
    ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
    SpawnOptions options = Logged(ShellOptions("echo first; read line <&3; echo last >&2"));
    options.fds = {{fds[0], 3}};
    const Process process = Spawn(options, &thread.loop());
    EXPECT_TRUE(reading.wait());
    close(fds[1]);
    close(fds[0]);
    process.wait();
    thread.release();
    EXPECT_TRUE(logs.has(Log::Warning, "sh: last"));
}

TEST(OutputLog, EndsWithTheLoopEvenIfChildrenRun)
{
    Logs logs;
    LoopThread thread(logs.options());
    const Process process = Spawn(Logged(ShellOptions("echo first; while :; do echo again; done")), &thread.loop());
    EXPECT_TRUE(logs.waitFor("sh: first"));
    thread.release();
    EXPECT_TRUE(logs.has(Log::Info, "Event loop ends before children whose output it logs."));
    const std::string all = logs.all();
    EXPECT_EQ(process.wait().value, SIGPIPE);
    EXPECT_EQ(logs.all(), all);
}

TEST(OutputLog, TakesOneThreadForAllChildren)
{
    Logs logs;
    LoopThread thread(logs.options());
    const int before = ProcessState::Now().threads;
    for (int i = 0; i < 10; ++i) {
        const std::string name = "child " + std::to_string(i);
        Spawn(Logged(ShellOptions("echo $$"), name), &thread.loop()).wait();
        EXPECT_TRUE(logs.waitFor(name + ": "));
    }
    if (before == 0) return; // ThreadSanitizer has threads of its own
    // Where the system has no pidfds, a thread watches each child; it may still be ending.
    const auto deadline = std::chrono::steady_clock::now() + DEADLINE;
    while (ProcessState::Now().threads != before + 1 && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
    }
    EXPECT_EQ(ProcessState::Now().threads, before + 1);
}

TEST(OutputLog, KeepsNothingOfAChildThatDidNotStart)
{
    Logs logs;
    LoopThread thread(logs.options());
    EXPECT_THROW(Spawn(Logged({.argv = {"/no/such/program"}}), &thread.loop()), std::system_error);
    EXPECT_THROW(SpawnClient<messages::Service>(thread.loop(), Logged({.argv = {"/no/such/program"}})),
                 std::system_error);
    EXPECT_EQ(logs.countLevel(Log::Warning), 0u);
}

} // namespace
} // namespace mp::test
