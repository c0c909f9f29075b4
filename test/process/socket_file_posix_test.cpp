#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include <mp/process/sys.h>
#include <support/listener.h>
#include <support/process_state.h>
#include <support/temp_dir.h>

namespace mp::test {
namespace {

using Names = std::set<std::string>;

//! A socket bound without the library.
Fd BindAt(const std::string& path, int type = SOCK_STREAM)
{
    Fd fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, path.c_str(), sizeof(name.sun_path) - 1);
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0) << path;
    return fd;
}

ino_t Inode(const std::string& path)
{
    struct stat status
    {
    };
    EXPECT_EQ(lstat(path.c_str(), &status), 0);
    return status.st_ino;
}

void ExpectRefused(const std::string& path, int status, const std::string& why)
{
    Listener listener;
    mp_error error;
    EXPECT_EQ(Listen("unix:" + path, listener, &error), status);
    EXPECT_EQ(error.message, "listen on 'unix:" + path + "': " + why);
}

const char* const IN_USE = "a process listens there, or is about to";

class Umask
{
public:
    explicit Umask(mode_t mask) : m_before(umask(mask)) {}
    ~Umask() { umask(m_before); }

private:
    mode_t m_before;
};

TEST(SocketFile, IsServedAndRemoved)
{
    const TempDir dir;
    const std::string address = "unix:" + (dir / "socket");
    Listener listener = StartListener(address);
    EXPECT_EQ(mp_listener_address(listener.get()), address);
    EXPECT_EQ(dir.names(), (Names{"socket", "socket.lock"}));
    const Socket client = StartConnection(address);
    const Socket server(Accept(mp_listener_socket(listener.get())));
    mp_peer peer;
    ASSERT_EQ(mp_socket_peer(server.get(), &peer, nullptr), 0);
    EXPECT_EQ(peer.uid, getuid());
    listener.reset();
    EXPECT_EQ(dir.names(), Names{});
    char byte = 0;
    EXPECT_EQ(Send(client.get(), "x", 1), 1);
    EXPECT_EQ(Receive(server.get(), &byte, 1), 1);
}

TEST(SocketFile, HasItsModeFromTheFirstMoment)
{
    const TempDir dir;
    const std::string path = dir / "socket";
    const Umask mask(0);
    std::atomic<bool> stops{false};
    std::atomic<int> seen{0};
    std::set<mode_t> modes;
    std::thread watcher([&] {
        struct stat status;
        while (!stops) {
            if (lstat(path.c_str(), &status) == 0) {
                modes.insert(status.st_mode & 07777);
                ++seen;
            }
            std::this_thread::yield();
        }
    });
    for (int round = 0; round < 200 || seen == 0; ++round) StartListener("unix:" + path);
    stops = true;
    watcher.join();
    EXPECT_EQ(modes, std::set<mode_t>{0600});
}

TEST(SocketFile, HasTheModeThatIsAskedForWhateverTheUmask)
{
    const TempDir dir;
    const std::string path = dir / "socket";
    for (const mode_t mask : {0, 022, 0777}) {
        const Umask set(mask);
        mp_listen_options options = MP_LISTEN_OPTIONS_INIT;
        options.mode = 0660;
        Listener listener;
        ASSERT_EQ(Listen("unix:" + path, listener, nullptr, &options), 0);
        struct stat status
        {
        };
        EXPECT_EQ(lstat(path.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, 0660U);
    }
}

TEST(SocketFile, ReplacesAStaleOne)
{
    const TempDir dir;
    BindAt(dir / "socket");
    const Listener listener = StartListener("unix:" + (dir / "socket"));
    ExpectServed(listener, "unix:" + (dir / "socket"));
}

TEST(SocketFile, IsNotTakenFromWhoListens)
{
    const TempDir dir;
    const std::string path = dir / "socket";
    {
        const Listener own = StartListener("unix:" + path);
        const ino_t inode = Inode(path);
        ExpectRefused(path, MP_EADDRINUSE, IN_USE);
        EXPECT_EQ(Inode(path), inode);
        ExpectServed(own, "unix:" + path);
    }
    {
        const Fd foreign = BindAt(path);
        EXPECT_EQ(listen(foreign.get(), 0), 0);
        ExpectRefused(path, MP_EADDRINUSE, IN_USE);
        EXPECT_EQ(dir.names(), Names{"socket"});
    }
}

TEST(SocketFile, IsNotTakenFromWhoListensWithAFullQueue)
{
    const TempDir dir;
    const std::string path = dir / "socket";
    const Fd foreign = BindAt(path);
    EXPECT_EQ(listen(foreign.get(), 0), 0);
    std::vector<Socket> waiting(1);
    while (Connect("unix:" + path, waiting.back(), 0) == 0) waiting.emplace_back();
    ExpectRefused(path, MP_EADDRINUSE, IN_USE);
    EXPECT_EQ(dir.names(), Names{"socket"});
}

TEST(SocketFile, IsNotTakenFromWhoReceivesDatagrams)
{
    const TempDir dir;
    const Fd foreign = BindAt(dir / "socket", SOCK_DGRAM);
    ExpectRefused(dir / "socket", MP_EADDRINUSE, IN_USE);
    EXPECT_EQ(dir.names(), Names{"socket"});
}

TEST(SocketFile, ReplacesNothingElse)
{
    const TempDir dir;
    const std::string path = dir / "socket";
    const char* const why = "what is there is no socket";
    std::ofstream(path) << "precious";
    ExpectRefused(path, MP_EEXIST, why);
    EXPECT_EQ(std::filesystem::file_size(path), 8U);
    unlink(path.c_str());
    BindAt(dir / "stale");
    for (const char* target : {"stale", "nothing"}) {
        std::filesystem::create_symlink(dir / target, path);
        ExpectRefused(path, MP_EEXIST, why);
        EXPECT_TRUE(std::filesystem::is_symlink(path));
        unlink(path.c_str());
    }
    mkdir(path.c_str(), 0700);
    ExpectRefused(path, MP_EEXIST, why);
    EXPECT_EQ(dir.names(), (Names{"socket", "stale"}));
}

TEST(SocketFile, LeavesAloneWhatIsNoLock)
{
    const TempDir dir;
    const std::string path = dir / "socket", lock = path + ".lock";
    const char* const why = "what is there with .lock added is no empty file";
    std::ofstream(lock) << "precious";
    ExpectRefused(path, MP_EEXIST, why);
    EXPECT_EQ(std::filesystem::file_size(lock), 8U);
    unlink(lock.c_str());
    std::filesystem::create_symlink(dir / "elsewhere", lock);
    ExpectRefused(path, MP_EEXIST, why);
    EXPECT_EQ(dir.names(), Names{"socket.lock"});
    unlink(lock.c_str());
    ASSERT_EQ(mkfifo(lock.c_str(), 0600), 0);
    ExpectRefused(path, MP_EEXIST, why);
    EXPECT_EQ(dir.names(), Names{"socket.lock"});
}

TEST(SocketFile, NeedsADirectoryAndAName)
{
    const TempDir dir;
    ExpectRefused("/no/such/directory", MP_ENOENT, "No such file or directory");
    Fd(open((dir / "f").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ExpectRefused(dir / "f/s", MP_ENOTDIR, "Not a directory");
    for (const char* path : {"/", "/tmp/", ".", "/tmp/.."}) ExpectRefused(path, MP_EINVAL, "the path names no file");
}

TEST(SocketFile, MayHaveALongPath)
{
    const TempDir dir;
    const std::string deep = dir / (std::string(120, 'd') + "/" + std::string(120, 'e'));
    std::filesystem::create_directories(deep);
    const std::string address = "unix:" + deep + "/socket";
    Listener listener = StartListener(address);
    EXPECT_EQ(mp_listener_address(listener.get()), address);
    ExpectServed(listener, address);
    Listener second;
    EXPECT_EQ(Listen(address, second), MP_EADDRINUSE);
    listener.reset();
    EXPECT_TRUE(std::filesystem::is_empty(deep));
    mp_error error;
    EXPECT_EQ(Listen("unix:" + (dir / std::string(108, 'x')), listener, &error), MP_ENAMETOOLONG);
    EXPECT_EQ(error.message, "listen on '..." + std::string(45, 'x') + "': File name too long");
    EXPECT_EQ(dir.names(), Names{std::string(120, 'd')});
}

TEST(SocketFile, WithARelativePathIsRemovedFromAnywhere)
{
    const TempDir dir;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(dir.path());
    Listener listener = StartListener("unix:socket");
    ExpectServed(listener, "unix:socket");
    std::filesystem::current_path(before);
    listener.reset();
    EXPECT_EQ(dir.names(), Names{});
}

TEST(SocketFile, OfASuccessorIsNotRemoved)
{
    const TempDir dir;
    const std::string path = dir / "socket";
    Listener first = StartListener("unix:" + path);
    // Somebody tidies up.
    unlink(path.c_str());
    unlink((path + ".lock").c_str());
    const Listener second = StartListener("unix:" + path);
    first.reset();
    EXPECT_EQ(dir.names(), (Names{"socket", "socket.lock"}));
    ExpectServed(second, "unix:" + path);
}

TEST(SocketFile, IsNotRemovedByACopyOfTheProcess)
{
    const TempDir dir;
    const std::string path = dir / "socket";
    Listener listener = StartListener("unix:" + path);
    EXPECT_EXIT(
        {
            listener.reset();
            ExitWithResult();
        },
        testing::ExitedWithCode(0), "");
    EXPECT_EQ(dir.names(), (Names{"socket", "socket.lock"}));
    ExpectRefused(path, MP_EADDRINUSE, IN_USE);
    ExpectServed(listener, "unix:" + path);
}

TEST(SocketFile, IsFreeAtOnceAlthoughACopyOfTheProcessHasItOpen)
{
    const TempDir dir;
    const std::string address = "unix:" + (dir / "socket");
    Listener listener = StartListener(address);
    Pipe hold = MakePipe();
    const pid_t pid = fork();
    if (pid == 0) {
        hold.write.Close();
        char byte;
        Read(hold.read.get(), &byte, 1);
        _exit(0);
    }
    listener.reset();
    listener = StartListener(address);
    ExpectServed(listener, address);
    hold.write.Close();
    WaitPid(pid, nullptr, 0);
}

TEST(SocketFile, OfSomebodyElseIsLeftAlone)
{
    if (geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
    const TempDir dir;
    const std::string path = dir / "socket";
    BindAt(path);
    chmod(path.c_str(), 0600);
    chmod(dir.path().c_str(), 0777);
    EXPECT_EXIT(
        {
            EXPECT_EQ(setuid(65534), 0);
            ExpectRefused(path, MP_EACCES, "Permission denied");
            Socket socket;
            EXPECT_EQ(Connect("unix:" + path, socket), MP_EACCES);
            ExitWithResult();
        },
        testing::ExitedWithCode(0), "");
    EXPECT_EQ(dir.names(), Names{"socket"});
}

int g_calls_left;

#define DYING_CALL(type, name, parameters, arguments) \
    type Dying_##name parameters \
    { \
        if (--g_calls_left == 0) raise(SIGKILL); \
        return mp_priv_sys_##name arguments; \
    }
MP_PRIV_SYS_ADDRESS_MAP(DYING_CALL)
#undef DYING_CALL

//! Listens, is killed at the nth of its calls, or else at the end.
[[noreturn]] void ListenAndDie(const std::string& address, int nth)
{
#define DIE_IN_CALL(type, name, parameters, arguments) mp_priv_sys.name = Dying_##name;
    MP_PRIV_SYS_ADDRESS_MAP(DIE_IN_CALL)
#undef DIE_IN_CALL
    g_calls_left = nth;
    mp_listener* listener;
    if (mp_listener_new(address.c_str(), nullptr, &listener, nullptr) < 0) _exit(1);
    _exit(g_calls_left > 0 ? 0 : 1);
}

TEST(SocketFile, IsFreeWheneverItsProcessWasKilled)
{
    for (const bool was_stale : {false, true}) {
        bool survived = false;
        for (int nth = 1; !survived; ++nth) {
            SCOPED_TRACE(nth);
            ASSERT_LT(nth, 30);
            const TempDir dir;
            if (was_stale) BindAt(dir / "socket");
            const std::string address = "unix:" + (dir / "socket");
            const pid_t pid = fork();
            if (pid == 0) ListenAndDie(address, nth);
            int status = 0;
            ASSERT_EQ(WaitPid(pid, &status, 0), pid);
            survived = WIFEXITED(status);
            EXPECT_TRUE(!survived || WEXITSTATUS(status) == 0);
            const Listener listener = StartListener(address);
            ExpectServed(listener, address);
            EXPECT_EQ(dir.names(), (Names{"socket", "socket.lock"}));
        }
    }
}

} // namespace
} // namespace mp::test
