#include "trace.h"

#include "check.h"
#include "clock.h"
#include "system-call-name.h"

#include <climits>
#include <filesystem>
#include <linux/futex.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace bench {
namespace {

constexpr uint64_t TIMEOUT_NS{60'000'000'000};
constexpr long OPTIONS{PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE};
//! What PTRACE_O_TRACESYSGOOD makes of a stop at a system call.
constexpr int SYSTEM_CALL_STOP{SIGTRAP | 0x80};

int StopEvent(int status) { return status >> 16; }

bool WaitsOnFutex(uint64_t operation)
{
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_WAIT_REQUEUE_PI:
        return true;
    default:
        return false;
    }
}

bool StartsWith(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

} // namespace

bool IsWakeUp(const std::string& name)
{
    return StartsWith(name, "futex ") || StartsWith(name, "eventfd ") || StartsWith(name, "pipe ") ||
           StartsWith(name, "timerfd_");
}

bool IsLook(const std::string& name) { return name == "sched_yield" || name == "epoll_wait look"; }

SystemCallTrace::SystemCallTrace(const std::vector<pid_t>& pids)
{
    sigset_t child{};
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child, &m_old_mask);
    try {
        m_child_signal = Fd{Check(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd")};
        for (const pid_t pid : pids) attachThreads(pid);
    } catch (...) {
        detach();
        throw;
    }
}

SystemCallTrace::~SystemCallTrace() { detach(); }

void SystemCallTrace::detach()
{
    for (const auto& [thread, process] : m_process_of) {
        ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
        int status = 0;
        // A thread that has ended meanwhile is reaped by this, and leaves nothing to detach from.
        if (waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status)) continue;
        const bool signal = StopEvent(status) == 0 && WSTOPSIG(status) != SYSTEM_CALL_STOP;
        ptrace(PTRACE_DETACH, thread, nullptr, signal ? static_cast<long>(WSTOPSIG(status)) : 0L);
    }
    pthread_sigmask(SIG_SETMASK, &m_old_mask, nullptr);
}

void SystemCallTrace::attachThreads(pid_t pid)
{
    // A thread that starts during one pass is traced through its parent, or found in the next.
    for (bool found = true; found;) {
        found = false;
        for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
            const pid_t thread = std::stoi(entry.path().filename().string());
            if (m_process_of.count(thread)) continue;
            if (ptrace(PTRACE_SEIZE, thread, nullptr, OPTIONS) < 0) {
                if (errno == ESRCH) continue;
                ThrowErrno("PTRACE_SEIZE");
            }
            m_process_of[thread] = pid;
            Check(ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr), "PTRACE_INTERRUPT");
            found = true;
        }
    }
}

void SystemCallTrace::runUntilReadable(int fd)
{
    const uint64_t deadline = NowNs() + TIMEOUT_NS;
    pollfd fds[]{{m_child_signal.get(), POLLIN, 0}, {fd, POLLIN, 0}};
    while (!(fds[1].revents & (POLLIN | POLLHUP))) {
        const uint64_t now = NowNs();
        if (now >= deadline) throw std::runtime_error("the traced processes took too long");
        if (poll(fds, 2, static_cast<int>((deadline - now) / 1'000'000) + 1) < 0 && errno != EINTR) ThrowErrno("poll");
        drain();
    }
}

void SystemCallTrace::drain()
{
    signalfd_siginfo info;
    while (read(m_child_signal.get(), &info, sizeof(info)) > 0) {
    }
    // Handling a stop may reveal a new thread, whose own first stop was signalled before.
    for (bool progress = true; progress;) {
        progress = false;
        std::vector<pid_t> threads;
        for (const auto& [thread, process] : m_process_of) threads.push_back(thread);
        for (const pid_t thread : threads) {
            int status = 0;
            const pid_t waited = waitpid(thread, &status, __WALL | WNOHANG);
            if (waited == thread) {
                handle(thread, status);
                progress = true;
            } else if (waited < 0 && errno == ECHILD) {
                m_process_of.erase(thread);
            }
        }
    }
}

void SystemCallTrace::handle(pid_t thread, int status)
{
    if (!WIFSTOPPED(status)) {
        m_process_of.erase(thread);
        return;
    }
    int signal = 0;
    if (WSTOPSIG(status) == SYSTEM_CALL_STOP) {
        count(thread);
    } else if (StopEvent(status) == PTRACE_EVENT_CLONE) {
        unsigned long created = 0;
        if (ptrace(PTRACE_GETEVENTMSG, thread, nullptr, &created) == 0) {
            m_process_of[static_cast<pid_t>(created)] = m_process_of[thread];
        }
    } else if (StopEvent(status) == 0) {
        signal = WSTOPSIG(status);
    }
    resume(thread, signal);
}

void SystemCallTrace::resume(pid_t thread, int signal)
{
    if (ptrace(PTRACE_SYSCALL, thread, nullptr, static_cast<long>(signal)) < 0 && errno != ESRCH) {
        ThrowErrno("PTRACE_SYSCALL");
    }
}

void SystemCallTrace::count(pid_t thread)
{
    __ptrace_syscall_info info{};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0) return;
    const pid_t process = m_process_of[thread];
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && m_looking.erase(thread) > 0) {
        ++m_counts[process][info.exit.rval > 0 ? "epoll_wait" : "epoll_wait look"];
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
    const uint64_t number = info.entry.nr;
    std::string name = SystemCallName(number);
    if (number == SYS_futex) {
        name += WaitsOnFutex(info.entry.args[1]) ? " wait" : " wake";
    } else if (name == "epoll_wait" && info.entry.args[3] == 0) {
        // What it finds decides what it was.
        m_looking.insert(thread);
        return;
    } else if (number == SYS_read || number == SYS_write) {
        const std::string& file = target(process, info.entry.args[0]);
        if (file == "anon_inode:[eventfd]") name = "eventfd " + name;
        if (StartsWith(file, "pipe:")) name = "pipe " + name;
    }
    ++m_counts[process][name];
}

const std::string& SystemCallTrace::target(pid_t pid, uint64_t fd)
{
    const auto [known, added] = m_targets.try_emplace({pid, fd});
    if (added) {
        std::error_code ignored;
        known->second = std::filesystem::read_symlink(
            "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd), ignored).string();
    }
    return known->second;
}

} // namespace bench
