// Children and the objects that they serve.
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <kj/io.h>
#include <mp/spawn-client.h>
#include <rpc/support/errors.h>
#include <rpc/support/logs.h>
#include <rpc/support/loop-thread.h>
#include <rpc/support/probe.capnp.h>
#include <rpc/support/probe.capnp.proxy.h>
#include <rpc/support/service.capnp.h>
#include <rpc/support/service.capnp.proxy.h>
#include <rpc/support/worker.h>
#include <support/process_state.h>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace mp::test {
namespace {

using ServiceSpawned = SpawnedClient<messages::Service>;

class SpawnClientTest : public testing::Test
{
protected:
    EventLoop& loop() { return m_thread.loop(); }
    ServiceSpawned spawn(const SpawnOptions& options) { return SpawnClient<messages::Service>(loop(), options); }
    //! How it fails.
    std::string errorOf(const SpawnOptions& options)
    {
        const std::set<int> children = Children();
        const std::string error = ErrorOf([&] { spawn(options); });
        EXPECT_EQ(Children(), children);
        return error;
    }

    Logs m_logs;
    LoopThread m_thread{m_logs.options()};
};

TEST_F(SpawnClientTest, ReturnsTheChildAndItsObject)
{
    auto [process, client] = spawn(Worker());
    EXPECT_EQ(client->run("pid"), std::to_string(process.pid()));
    EXPECT_EQ(client->add(1, 2), 3);
    client.reset();
    EXPECT_EQ(process.wait().value, 0);
}

TEST_F(SpawnClientTest, AsksForArgumentsOnceOnThisThread)
{
    int calls = 0;
    const auto thread = std::this_thread::get_id();
    auto [process, client] = spawn({.make_argv = [&](const SpawnConnectInfo& info) {
        ++calls;
        EXPECT_EQ(std::this_thread::get_id(), thread);
        return std::vector<std::string>{MP_TEST_WORKER, "serve", info};
    }});
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(client->add(1, 2), 3);
    client.reset();
    process.wait();
}

TEST_F(SpawnClientTest, ThrowsWhatMakesArgumentsThrows)
{
    EXPECT_EQ(errorOf({.make_argv = [](const SpawnConnectInfo&) -> std::vector<std::string> {
                  throw std::runtime_error("no arguments");
              }}),
              "no arguments");
}

TEST_F(SpawnClientTest, NeedsArguments)
{
    EXPECT_THROW(spawn({}), std::system_error);
    EXPECT_THROW(spawn({.make_argv = [](const SpawnConnectInfo&) { return std::vector<std::string>(); }}),
                 std::system_error);
}

TEST_F(SpawnClientTest, NamesAProgramThatIsMissing)
{
    const std::string error = errorOf({.argv = {"/no/such/program"}});
    EXPECT_NE(error.find("/no/such/program"), std::string::npos) << error;
    EXPECT_NE(error.find("No such file or directory"), std::string::npos) << error;
}

TEST_F(SpawnClientTest, SaysHowAChildEndedThatDidNotAnswer)
{
    EXPECT_EQ(errorOf(ShellOptions("exit 7")), "'sh' exited with code 7 before it answered");
    EXPECT_EQ(errorOf({.argv = {"true"}}), "'true' exited with code 0 before it answered");
    SpawnOptions options = ShellOptions("kill -9 $$");
    options.name = "worker 1";
    EXPECT_EQ(errorOf(options), "'worker 1' was killed by signal 9 before it answered");
}

TEST_F(SpawnClientTest, SaysThatTheStatusIsLost)
{
    // The system forgets how children ended then.
    const auto old = signal(SIGCHLD, SIG_IGN);
    EXPECT_EQ(errorOf({.argv = {"false"}}), "'false' ended (its status is lost) before it answered");
    signal(SIGCHLD, old);
}

//! The write end of a pipe, whose other end children have as descriptor 3 until it is closed.
struct Hold
{
    Hold()
    {
        int fds[2];
        EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
        read = kj::AutoCloseFd(fds[0]);
        write = kj::AutoCloseFd(fds[1]);
    }
    SpawnOptions shell(const std::string& script) const
    {
        SpawnOptions options = ShellOptions(script);
        options.fds = {{read.get(), 3}};
        return options;
    }
    kj::AutoCloseFd read;
    kj::AutoCloseFd write;
};

TEST_F(SpawnClientTest, DoesNotWaitForOthersThatHaveTheChildsSocket)
{
    const Hold hold;
    EXPECT_EQ(errorOf(hold.shell("read line <&3 & exit 5")), "'sh' exited with code 5 before it answered");
}

TEST_F(SpawnClientTest, KillsAChildThatOnlyClosesItsSocket)
{
    const std::string error = errorOf(Worker("close"));
    EXPECT_TRUE(error == INTERRUPTED || error == AFTER) << error;
}

TEST_F(SpawnClientTest, KillsAChildThatServesSomethingElse)
{
    const std::string error = errorOf(Worker("serve-other"));
    EXPECT_EQ(error.find("kj::Exception: "), 0u) << error;
}

TEST_F(SpawnClientTest, DoesNotBlameAChildThatEndsBecauseItsConnectionWasClosed)
{
    Process process;
    const auto fail = [&](const std::string&, Stream stream, FunctionRef<void(Connection&)> connected) {
        detail::MakeClient<messages::Service>(loop(), kj::mv(stream), connected).reset();
        // Now the child ends, and the loop hears of it.
        Signal heard;
        kj::Promise<void> promise(nullptr);
        loop().sync(
            [&] { promise = process.onExit(loop()).then([&](mp_exit) { heard.set(); }).eagerlyEvaluate(nullptr); });
        EXPECT_TRUE(heard.wait());
        loop().sync([&] { promise = nullptr; });
        throw std::runtime_error("why it fails");
    };
    EXPECT_EQ(ErrorOf([&] {
                  detail::SpawnConnected(
                      loop(), Worker(), process, [] {}, fail);
              }),
              "why it fails");
    EXPECT_EQ(process.wait().value, 0);
}

TEST_F(SpawnClientTest, LosesCallsWithTheChild)
{
    const ServiceSpawned child = spawn(Worker());
    EXPECT_EQ(ErrorOf([&] { child.client->run("die"); }), INTERRUPTED);
    EXPECT_EQ(child.process.wait().value, SIGKILL);
    EXPECT_TRUE(m_logs.waitFor("IPC client: unexpected network disconnect."));
    EXPECT_EQ(ErrorOf([&] { child.client->run("x"); }), AFTER);
}

TEST_F(SpawnClientTest, LeavesTheChildToItsHandle)
{
    auto [process, client] = spawn(Worker());
    const int pid = process.pid();
    process = Process();
    EXPECT_EQ(client->run("pid"), std::to_string(pid));
}

TEST_F(SpawnClientTest, KillsTheChildWithItsHandleIfToldSo)
{
    SpawnOptions options = Worker();
    options.flags |= MP_SPAWN_KILL_ON_UNREF;
    ServiceSpawned child = spawn(options);
    std::thread caller([&] { EXPECT_TRUE(SucceededOrDisconnected(ErrorOf([&] { child.client->run("hold"); }))); });
    child.process = Process();
    caller.join();
}

TEST_F(SpawnClientTest, MayRunOnTheLoopThread)
{
    SpawnedClient<messages::Probe> spawned;
    // An interface without "construct".
    loop().sync([&] { spawned = SpawnClient<messages::Probe>(loop(), Worker("mute")); });
    EXPECT_TRUE(spawned.client);
    spawned.process.terminate(std::chrono::milliseconds(0));
}

TEST_F(SpawnClientTest, StartsManyAtOnce)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            if (i % 2) {
                EXPECT_EQ(ErrorOf([&] { spawn(ShellOptions("exit 7")); }),
                          "'sh' exited with code 7 before it answered");
                return;
            }
            auto [process, client] = spawn(Worker());
            EXPECT_EQ(client->addOnWorker(1, 2), 3);
            client.reset();
            EXPECT_EQ(process.wait().value, 0);
        });
    }
    for (std::thread& thread : threads) thread.join();
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Sanitizers need descriptors of their own and die without.
TEST_F(SpawnClientTest, LeavesNothingWithoutDescriptors)
{
    rlimit limit;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const std::set<int> children = Children();
    const int next = dup(STDIN_FILENO);
    close(next);
    bool succeeded = false;
    // With one more each time, another step fails.
    for (int more = 0; !succeeded; ++more) {
        const rlimit few{static_cast<rlim_t>(next + more), limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &few);
        ServiceSpawned spawned;
        const std::string error = ErrorOf([&] { spawned = spawn(Worker()); });
        setrlimit(RLIMIT_NOFILE, &limit);
        succeeded = spawned.client != nullptr;
        if (succeeded) {
            spawned.client.reset();
            spawned.process.wait();
        }
        EXPECT_EQ(Children(), children) << more << ": " << error;
        ASSERT_LT(more, 100);
    }
}
#endif

TEST(SpawnWithoutSocket, PassesOptionsOn)
{
    Logs logs;
    LoopThread thread(logs.options());
    const auto pipe = SocketPair();
    SpawnOptions options = ShellOptions("pwd; echo $FIRST $SECOND $THIRD; umask; ulimit -n; echo to-fd >&5; cat");
    options.name = "shell";
    options.cwd = "/";
    options.env = {"FIRST=1", "SECOND=2", "PATH=/usr/bin:/bin"};
    options.env_edits = {"SECOND", "THIRD=3"};
    options.in = Stdio::Null;
    options.out = Stdio::Log;
    options.flags |= MP_SPAWN_SET_UMASK | MP_SPAWN_OWN_GROUP;
    options.umask = 027;
    options.fds = {{pipe[1], 5}};
    options.limits = {{RLIMIT_NOFILE, 0, 99, 100}};
    {
        const Process process = Spawn(options, &thread.loop());
        EXPECT_EQ(process.wait().value, 0);
    }
    EXPECT_TRUE(logs.waitFor("shell: 99"));
    for (const char* line : {"shell: /", "shell: 1 3", "shell: 0027"})
        EXPECT_TRUE(logs.hasLine(Log::Info, line)) << line;
    std::array<char, 6> text{};
    EXPECT_EQ(read(pipe[0], text.data(), text.size()), 6);
    EXPECT_EQ(std::string(text.data(), text.size()), "to-fd\n");
    CloseSocket(pipe[0]);
    CloseSocket(pipe[1]);
}

TEST(SpawnWithoutSocket, NeedsNoLoop) { EXPECT_EQ(Spawn(ShellOptions("exit 6")).wait().value, 6); }

TEST(SpawnWithoutSocket, RefusesWhatMakesNoSense)
{
    SpawnOptions logged = ShellOptions("exit 6");
    logged.err = Stdio::Log;
    EXPECT_THROW(Spawn(logged), std::invalid_argument);
    SpawnOptions input = ShellOptions("exit 6");
    input.in = Stdio::Log;
    EXPECT_THROW(Spawn(input), std::invalid_argument);
    EXPECT_THROW(Spawn({.make_argv = [](const SpawnConnectInfo&) { return Shell("exit 6"); }}), std::invalid_argument);
    EXPECT_THROW(Spawn({}), std::system_error);
    EXPECT_THROW(Spawn({.argv = {"/no/such/program"}}), std::system_error);
}

} // namespace
} // namespace mp::test
