#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/fault.h>
#include <support/listener.h>
#include <support/process_state.h>
#include <support/spawn.h>
#include <support/temp_dir.h>

namespace mp::test {
namespace {

int SpawnPlain(mp_error* error)
{
    Process process;
    const int r = ChildCommand("exit_code").Null(0).Spawn(process, error);
    if (r < 0) return r;
    return mp_process_wait(process.get(), DEADLINE_MS, nullptr, error);
}

//! With all that a child may be asked to do about itself.
int SpawnWithAttributes(mp_error* error)
{
    static const char* const edits[] = {"MP_TEST=1", nullptr};
    static const mp_resource_limit core{RLIMIT_CORE, 0, 0, 0};
    Command command = ChildCommand("exit_code");
    command.Flags(MP_SPAWN_OWN_SESSION | MP_SPAWN_SET_UMASK | MP_SPAWN_DIE_WITH_PARENT);
    mp_spawn_options& options = command.mutable_options();
    options.env_edits = edits;
    options.limits = &core;
    options.n_limits = 1;
    options.nice = 1;
    Process process;
    const int r = command.Spawn(process, error);
    if (r < 0) return r;
    return mp_process_wait(process.get(), DEADLINE_MS, nullptr, error);
}

int SpawnPrivate(mp_error* error)
{
    Command command = ChildCommand("exit_code");
    Process process;
    const int r = command.Null(0).Flags(MP_SPAWN_PRIVATE | MP_SPAWN_OWN_GROUP).Spawn(process, error);
    if (r < 0) return r;
    return mp_process_wait(process.get(), DEADLINE_MS, nullptr, error);
}

int SpawnMissing(mp_error* error)
{
    Process process;
    return Command({"/no/such/program"}).Null(0).Spawn(process, error);
}

int SpawnConnected(mp_error* error)
{
    static const std::string program = ChildPath("exit_code");
    static const char* const argv[] = {program.c_str(), nullptr};
    const auto make_argv = [](void*, const char*, const char* const** ret_argv) {
        *ret_argv = argv;
        return 0;
    };
    mp_process* process = nullptr;
    mp_socket socket = MP_SOCKET_INVALID;
    const int r = mp_spawn_connected(nullptr, make_argv, nullptr, &process, &socket, error);
    const Process owner(process);
    const Fd socket_owner(socket);
    return r < 0 ? r : mp_process_wait(process, DEADLINE_MS, nullptr, error);
}

int SpawnOnStdio(mp_error* error)
{
    Command command = ChildCommand("exit_code");
    mp_process* process = nullptr;
    mp_handle input = -1, output = -1;
    const int r = mp_spawn_stdio(command.options(), &process, &input, &output, error);
    const Process owner(process);
    const Fd input_owner(input), output_owner(output);
    return r < 0 ? r : mp_process_wait(process, DEADLINE_MS, nullptr, error);
}

int SpawnCaptured(mp_error* error)
{
    mp_capture_options options = MP_CAPTURE_OPTIONS_INIT;
    options.callback = [](void*, const mp_capture_line*) {};
    mp_capture* capture = nullptr;
    int r = mp_capture_new(&options, &capture, error);
    if (r < 0) return r;
    Command command = ChildCommand("write_lines", {"10"});
    command.mutable_options().stdio[1].kind = command.mutable_options().stdio[2].kind = MP_STDIO_CAPTURED;
    command.mutable_options().capture = capture;
    Process process;
    r = command.Spawn(process, error);
    if (r == 0) r = mp_process_wait(process.get(), DEADLINE_MS, nullptr, error);
    mp_capture_unref(capture);
    return r;
}

int PairAndDescriptors(mp_error* error)
{
    mp_socket a, b;
    int r = mp_socket_pair(&a, &b, error);
    if (r < 0) return r;
    const Fd first(a), second(b);
    const int in = 0;
    r = mp_socket_send_fds(a, "x", 1, &in, 1, error);
    if (r < 0) return r;
    char byte;
    int fd = -1;
    size_t n_fds = 0;
    r = mp_socket_receive_fds(b, &byte, 1, &fd, 1, &n_fds, error);
    const Fd owner(fd);
    return r < 0 ? r : 0;
}

//! Both sides, in a directory that is empty again then.
int ListenAndConnect(const std::string& address, mp_error* error)
{
    Listener listener;
    int r = Listen(address, listener, error);
    if (r < 0) return r;
    Socket socket;
    return Connect(mp_listener_address(listener.get()), socket, DEADLINE_MS, error);
}

int ListenOnFile(mp_error* error)
{
    const TempDir dir;
    const int r = ListenAndConnect("unix:" + (dir / "socket"), error);
    const auto left = dir.names();
    // Whether it is in use can't be told where locking itself failed.
    EXPECT_TRUE(left.empty() || left == std::set<std::string>{"socket.lock"});
    EXPECT_TRUE(left.empty() || r < 0);
    return r;
}

int ListenOnStaleFile(mp_error* error)
{
    const TempDir dir;
    const std::string path = dir / "socket";
    {
        const Fd stale(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un name{AF_UNIX, {}};
        path.copy(name.sun_path, sizeof(name.sun_path) - 1);
        EXPECT_EQ(bind(stale.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
    }
    return ListenAndConnect("unix:" + path, error);
}

int ListenOnLongPath(mp_error* error)
{
    const TempDir dir;
    const std::string deep = dir / std::string(150, 'd');
    std::filesystem::create_directory(deep);
    return ListenAndConnect("unix:" + deep + "/socket", error);
}

int ListenOnTcp(mp_error* error)
{
    return ListenAndConnect("tcp:127.0.0.1:0", error);
}

int ListenOnAny(mp_error* error)
{
    Listener listener;
    return Listen("tcp:*:0", listener, error);
}

int ListenOnAbstract(mp_error* error)
{
    return ListenAndConnect("unix-abstract:mp_test_fault_" + std::to_string(getpid()), error);
}

//! Let each call in turn fail until none is left; nothing may stay behind, and no failure may be silent.
void Sweep(int (*operation)(mp_error*), int normal, int err)
{
    const auto before = ProcessState::Now();
    for (int nth = 1;; ++nth) {
        ASSERT_LT(nth, 100);
        mp_error error = {};
        std::string failed;
        int r;
        {
            const Fault fault(nth, err);
            r = operation(&error);
            failed = Fault::failed_call();
            if (failed.empty()) {
                EXPECT_EQ(r, normal);
                break;
            }
        }
        SCOPED_TRACE("call " + std::to_string(nth) + ", " + failed);
        if (r != normal) {
            EXPECT_EQ(r, failed == "alloc" ? MP_ENOMEM : -err);
            EXPECT_EQ(error.status, r);
            EXPECT_NE(error.message[0], '\0');
        }
        ASSERT_EQ(before.NowSettled(), before);
    }
}

//! In a process of its own: what the library finds out about the system, it remembers.
class FaultSweep : public testing::TestWithParam<int>
{
protected:
    void SweepAlone(int (*operation)(mp_error*), int normal)
    {
        EXPECT_EXIT(
            {
                Sweep(operation, normal, GetParam());
                ExitWithResult();
            },
            testing::ExitedWithCode(0), "");
    }
};

TEST_P(FaultSweep, SpawnLeavesNoTrace)
{
    SweepAlone(SpawnPlain, 0);
}

TEST_P(FaultSweep, SpawnWithAttributesLeavesNoTrace)
{
    EXPECT_EXIT(
        {
            // The thread that stays is there before, and one that watched the child is gone.
            EXPECT_EQ(SpawnWithAttributes(nullptr), 0);
            WaitForThreads(2);
            Sweep(SpawnWithAttributes, 0, GetParam());
            ExitWithResult();
        },
        testing::ExitedWithCode(0), "");
}

TEST_P(FaultSweep, PrivateSpawnLeavesNoTrace)
{
    EXPECT_EXIT(
        {
            StartSpawnServer();
            Sweep(SpawnPrivate, 0, GetParam());
            ExitWithResult();
        },
        testing::ExitedWithCode(0), "");
}

TEST_P(FaultSweep, FailingSpawnLeavesNoTrace)
{
    SweepAlone(SpawnMissing, MP_ENOENT);
}

TEST_P(FaultSweep, ConnectedSpawnLeavesNoTrace)
{
    SweepAlone(SpawnConnected, 0);
}

TEST_P(FaultSweep, SpawnOnStdioLeavesNoTrace)
{
    SweepAlone(SpawnOnStdio, 0);
}

TEST_P(FaultSweep, CapturedSpawnLeavesNoTrace)
{
    SweepAlone(SpawnCaptured, 0);
}

TEST_P(FaultSweep, SocketPairLeavesNoTrace)
{
    SweepAlone(PairAndDescriptors, 0);
}

TEST_P(FaultSweep, ListeningAndConnectingLeaveNoTrace)
{
    for (const auto operation :
         {ListenOnFile, ListenOnStaleFile, ListenOnLongPath, ListenOnTcp, ListenOnAny, ListenOnAbstract}) {
        SweepAlone(operation, 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Errno, FaultSweep, testing::Values(ENOMEM, EMFILE, EINVAL, EINTR, EPERM),
                         [](const auto& info) { return mp_status_name(-info.param); });

TEST_P(FaultSweep, DroppedChildIsReapedInTheEnd)
{
    const int err = GetParam();
    const auto before = ProcessState::Now();
    for (int nth = 1; nth < 8; ++nth) {
        SCOPED_TRACE(nth);
        Held held = StartHeld();
        const int pid = mp_process_pid(held.process.get());
        {
            const Fault fault(nth, err);
            held.process.reset();
            held.hold.Close();
            Process next; // what failed is tried again by the next spawn; or it is that one that fails
            (void)ChildCommand("exit_code").Spawn(next);
        }
        ChildCommand("exit_code").Start();
        EXPECT_TRUE(WaitGone(pid));
        ASSERT_EQ(before.NowSettled(), before);
    }
}

TEST(Fault, CloneRefusedForItsFlagsFallsBack)
{
    for (const int err : {EINVAL, ENOSYS, EPERM}) {
        const Fault fault("clone_child", 1, err);
        EXPECT_EQ(SpawnPlain(nullptr), 0);
        EXPECT_EQ(Fault::failed_call(), "clone_child");
        EXPECT_EQ(Fault::calls(), 2);
    }
}

TEST(Fault, CloneRefusedForWantOfResourcesFails)
{
    for (const int err : {EAGAIN, ENOMEM}) {
        const Fault fault("clone_child", 1, err);
        mp_error error;
        EXPECT_EQ(SpawnPlain(&error), -err);
        EXPECT_EQ(error.stage, MP_STAGE_FORK);
        EXPECT_EQ(Fault::calls(), 1);
    }
}

bool IsOneOf(int r, std::initializer_list<int> allowed)
{
    return std::find(allowed.begin(), allowed.end(), r) != allowed.end();
}

[[noreturn]] void TryAtLimit(rlim_t limit)
{
    for (int fd = 3; fd < 256; ++fd) close(fd);
    const auto before = ProcessState::Now();
    rlimit full;
    getrlimit(RLIMIT_NOFILE, &full);
    const rlimit low{limit, full.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
    mp_error error;
    const int plain = SpawnPlain(&error);
    const int missing = SpawnMissing(&error);
    const int connected = SpawnConnected(&error);
    const int pair = PairAndDescriptors(&error);
    setrlimit(RLIMIT_NOFILE, &full); // the census needs descriptors itself
    // A number of the child may be above the limit: then duplicating onto it is EBADF.
    if (!IsOneOf(plain, {0, MP_EMFILE, MP_EBADF})) _exit(10);
    if (!IsOneOf(missing, {MP_ENOENT, MP_EMFILE, MP_EBADF})) _exit(11);
    if (!IsOneOf(connected, {0, MP_EMFILE, MP_EBADF})) _exit(12);
    if (!IsOneOf(pair, {0, MP_EMFILE})) _exit(13);
    // Enough for one spawn, and for what the watching threads of the spawns before it still hold.
    if (limit >= 20 && (plain != 0 || connected != 0 || pair != 0)) _exit(14);
    _exit(before.NowSettled() == before ? 0 : 15);
}

TEST(Spawn, LeavesNoTraceAtEveryDescriptorLimit)
{
    for (rlim_t limit = 3; limit < 32; ++limit) {
        SCOPED_TRACE(limit);
        EXPECT_EXIT(TryAtLimit(limit), testing::ExitedWithCode(0), "");
    }
}

} // namespace
} // namespace mp::test
