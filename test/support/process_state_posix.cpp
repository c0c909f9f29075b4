#include <support/process_state.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace mp::test {
namespace {

std::vector<int> Numbers(const char* path)
{
    std::vector<int> numbers;
    DIR* dir = opendir(path);
    if (dir == nullptr) return numbers;
    while (const dirent* entry = readdir(dir)) {
        char* end = nullptr;
        const long number = std::strtol(entry->d_name, &end, 10);
        if (end != entry->d_name && *end == '\0') numbers.push_back(static_cast<int>(number));
    }
    closedir(dir);
    return numbers;
}

int CountThreads()
{
#if defined(__SANITIZE_THREAD__)
    return 0; // it has one of its own, started at some time
#else
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return 0;
#endif
#endif
    return static_cast<int>(Numbers("/proc/self/task").size());
#endif
}

} // namespace

std::map<int, std::string> Descriptors()
{
    std::map<int, std::string> descriptors;
    for (const int fd : Numbers("/proc/self/fd")) {
        char target[256];
        const std::string link = "/proc/self/fd/" + std::to_string(fd);
        const ssize_t size = readlink(link.c_str(), target, sizeof(target));
        if (size >= 0) descriptors[fd] = std::string(target, static_cast<size_t>(size)); // not the listing's own
    }
    return descriptors;
}

int WaitPid(int pid, int* status, int options)
{
    int r;
    while ((r = waitpid(pid, status, options)) < 0 && errno == EINTR) {}
    return r;
}

bool WaitZombie(int pid)
{
    siginfo_t info;
    int r;
    while ((r = waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT)) < 0 && errno == EINTR) {}
    return r == 0;
}

void ExitWithResult()
{
    // GoogleTest shows a death test's standard error, and not what failed there.
    const testing::TestResult& result = *testing::UnitTest::GetInstance()->current_test_info()->result();
    for (int i = 0; i < result.total_part_count(); ++i) {
        const testing::TestPartResult& part = result.GetTestPartResult(i);
        if (part.failed()) std::fprintf(stderr, "%s:%d: %s\n", part.file_name(), part.line_number(), part.message());
    }
    _exit(testing::Test::HasFailure() ? 1 : 0);
}

std::string NaiveOutputOf(const std::string& program)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) < 0) return "";
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(fd[1], 1);
        execl(program.c_str(), program.c_str(), nullptr);
        _exit(127);
    }
    close(fd[1]);
    WaitPid(pid, nullptr, 0);
    char text[4096];
    const ssize_t size = read(fd[0], text, sizeof(text));
    close(fd[0]);
    return std::string(text, size > 0 ? static_cast<size_t>(size) : 0);
}

std::set<int> Children()
{
    std::set<int> children;
    for (const int thread : Numbers("/proc/self/task")) {
        std::ifstream list("/proc/self/task/" + std::to_string(thread) + "/children");
        for (int pid; list >> pid;) children.insert(pid);
    }
    return children;
}

ProcessState ProcessState::Now()
{
    ProcessState state;
    state.descriptors = Descriptors();
    state.children = Children();
    state.threads = CountThreads();
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action;
        if (sigismember(&mask, number) == 1) state.blocked.insert(number);
        if (sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_DFL) state.handled.insert(number);
    }
    return state;
}

} // namespace mp::test
