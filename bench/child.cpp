#include "child.h"

#include "check.h"
#include "fd.h"

#include <climits>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace bench {
namespace {

constexpr int END_TIMEOUT_MS{5000};
//! Above every number that a child is given, so that placing one descriptor can't overwrite the next.
constexpr int SAFE_FD{64};

class FileActions
{
public:
    FileActions() { posix_spawn_file_actions_init(&m_actions); }
    ~FileActions() { posix_spawn_file_actions_destroy(&m_actions); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;

    posix_spawn_file_actions_t* get() { return &m_actions; }

private:
    posix_spawn_file_actions_t m_actions;
};

} // namespace

std::string SelfPath()
{
    char path[PATH_MAX];
    const ssize_t size = Check(readlink("/proc/self/exe", path, sizeof(path)), "readlink /proc/self/exe");
    return {path, static_cast<size_t>(size)};
}

Child::Child(const std::vector<std::string>& args, const std::vector<int>& fds)
{
    std::vector<char*> argv;
    for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);

    FileActions actions;
    std::vector<Fd> safe;
    for (size_t i = 0; i < fds.size(); ++i) {
        safe.emplace_back(Check(fcntl(fds[i], F_DUPFD_CLOEXEC, SAFE_FD), "F_DUPFD_CLOEXEC"));
        posix_spawn_file_actions_adddup2(actions.get(), safe.back().get(), FIRST_FD + static_cast<int>(i));
    }
    const int error = posix_spawnp(&m_pid, argv[0], actions.get(), nullptr, argv.data(), environ);
    if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawnp " + args[0]);
}

Child::~Child()
{
    const Fd pidfd{static_cast<int>(syscall(SYS_pidfd_open, m_pid, 0))};
    pollfd exited{pidfd.get(), POLLIN, 0};
    // Without a pidfd (before Linux 5.3) poll() ignores the entry, and the process has the whole time to end.
    if (poll(&exited, 1, END_TIMEOUT_MS) <= 0) kill(m_pid, SIGKILL);
    while (waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace bench
