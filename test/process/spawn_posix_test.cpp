#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <support/process_state.h>
#include <support/spawn.h>

namespace mp::test {
namespace {

//! A file in a fresh directory, removed with it.
class TempFile
{
public:
    TempFile(const std::string& content, mode_t mode)
    {
        char name[] = "/tmp/mp_spawn_test_XXXXXX";
        m_dir = mkdtemp(name);
        const Fd fd(open(path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        EXPECT_EQ(write(fd.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
        EXPECT_EQ(fchmod(fd.get(), mode), 0);
    }
    ~TempFile()
    {
        unlink(path().c_str());
        rmdir(m_dir.c_str());
    }
    const std::string& dir() const { return m_dir; }
    std::string path() const { return m_dir + "/program"; }

private:
    std::string m_dir;
};

TEST(Spawn, ReportsTheSignal)
{
    const Process process = ChildCommand("raise_signal", {"9"}).Start();
    const mp_exit exit = Wait(process.get());
    EXPECT_EQ(exit.how, MP_EXIT_SIGNALED);
    EXPECT_EQ(exit.value, 9);
}

TEST(Spawn, TellsTheErrnoOfAFailure)
{
    Process process;
    mp_error error;
    EXPECT_EQ(Command({"/no/such/program"}).Spawn(process, &error), MP_ENOENT);
    EXPECT_EQ(error.system_code, ENOENT);
}

TEST(Spawn, ReturnsEaccesWhenFileIsNotExecutable)
{
    const TempFile file("#!/bin/sh\n", 0600);
    ExpectFailure(Command({file.path()}), MP_EACCES, MP_STAGE_EXEC, "spawn '" + file.path() + "': Permission denied");
}

TEST(Spawn, ReturnsEaccesForADirectory)
{
    ExpectFailure(Command({"/tmp"}), MP_EACCES, MP_STAGE_EXEC, "spawn '/tmp': Permission denied");
}

TEST(Spawn, ReturnsEnotdirForAPathThroughAFile)
{
    ExpectFailure(Command({"/etc/passwd/x"}), MP_ENOTDIR, MP_STAGE_EXEC, "spawn '/etc/passwd/x': Not a directory");
}

TEST(Spawn, ReturnsEnoexecForAWrongFormat)
{
    const TempFile file("neither a program nor a script", 0700);
    ExpectFailure(Command({file.path()}), MP_ENOEXEC, MP_STAGE_EXEC, "spawn '" + file.path() + "': Exec format error");
}

TEST(Spawn, ReturnsEnoentWhenTheInterpreterIsMissing)
{
    const TempFile file("#!/no/such/interpreter\n", 0700);
    ExpectFailure(Command({file.path()}), MP_ENOENT, MP_STAGE_EXEC,
                  "spawn '" + file.path() + "': No such file or directory");
}

TEST(Spawn, KeepsTheReasonInTheMessageOfALongProgramName)
{
    Process process;
    mp_error error;
    EXPECT_EQ(Command({"/tmp/" + std::string(300, 'x') + "/program"}).Spawn(process, &error), MP_ENAMETOOLONG);
    const std::string message = error.message;
    EXPECT_NE(message.find("/program': File name too long"), std::string::npos) << message;
}

TEST(Spawn, StartsInTheWorkingDirectory)
{
    Command command = ChildCommand("print_start");
    command.Cwd("/");
    EXPECT_EQ(ParseLines(OutputOf(command))["cwd"], "/");
}

TEST(Spawn, SearchesPathOfTheParent)
{
    const TempFile file("#!/bin/sh\nexit 5\n", 0700);
    const std::string saved = getenv("PATH");
    setenv("PATH", ("/no/such/dir::" + file.dir() + ":" + saved).c_str(), 1);
    Process process;
    EXPECT_EQ(Command({"program"}).Env({"PATH=/elsewhere"}).Spawn(process), 0);
    setenv("PATH", saved.c_str(), 1);
    EXPECT_EQ(Wait(process.get()).value, 5);
}

TEST(Spawn, ReportsAForbiddenFileOfPathIfNoOtherIsFound)
{
    const TempFile file("#!/bin/sh\n", 0600);
    const std::string saved = getenv("PATH");
    setenv("PATH", (file.dir() + ":/no/such/dir").c_str(), 1);
    Process process;
    EXPECT_EQ(Command({"program"}).Spawn(process), MP_EACCES);
    setenv("PATH", saved.c_str(), 1);
}

TEST(Spawn, DoesNotSearchPathIfToldSo)
{
    Process process;
    EXPECT_EQ(Command({"sh", "-c", "exit 0"}).Flags(MP_SPAWN_NO_PATH_SEARCH).Spawn(process), MP_ENOENT);
    EXPECT_EQ(Command({"sh", "-c", "exit 4"}).Flags(MP_SPAWN_NO_PATH_SEARCH).Cwd("/bin").Spawn(process), 0);
    EXPECT_EQ(Wait(process.get()).value, 4);
}

TEST(Spawn, ANaiveSpawnTellsTheCallerNothing)
{
    const pid_t pid = fork();
    if (pid == 0) {
        execl("/no/such/program", "program", nullptr);
        _exit(127);
    }
    EXPECT_GT(pid, 0); // "success"
    int status = 0;
    EXPECT_EQ(WaitPid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 127);
}

struct CancelledSpawn
{
    Command command = ChildCommand("exit_code", {"8"});
    const mp_spawn_options* options = command.options();
    mp_process* process = nullptr;
    int result = -1;
};

void* SpawnWhileCancelled(void* arg)
{
    auto* self = static_cast<CancelledSpawn*>(arg);
    pthread_cancel(pthread_self());
    self->result = mp_process_spawn(self->options, &self->process, nullptr);
    pthread_testcancel();
    self->result = -1; // not reached
    return nullptr;
}

TEST(Spawn, IsNoCancellationPoint)
{
    CancelledSpawn spawn;
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, nullptr, SpawnWhileCancelled, &spawn), 0);
    void* end = nullptr;
    ASSERT_EQ(pthread_join(thread, &end), 0);
    EXPECT_EQ(end, PTHREAD_CANCELED);
    ASSERT_EQ(spawn.result, 0);
    const Process process(spawn.process);
    EXPECT_EQ(Wait(process.get()).value, 8);
}

TEST(Spawn, ReturnsEagainAtTheProcessLimit)
{
    if (geteuid() != 0) GTEST_SKIP() << "needs root to become a user without processes";
    EXPECT_EXIT(
        {
            rlimit limit;
            limit.rlim_cur = limit.rlim_max = 1;
            if (setrlimit(RLIMIT_NPROC, &limit) < 0 || setuid(54321) < 0) _exit(2);
            Process process;
            const auto before = ProcessState::Now();
            const int r = Command({"/bin/true"}).Spawn(process);
            _exit(r == MP_EAGAIN && ProcessState::Now() == before ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace mp::test
