#include "bare-spawner.h"

#include "child.h"
#include "check.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace bench {
namespace {

pid_t PosixSpawn(const char* path, char* const* argv)
{
    pid_t pid = -1;
    const int error = posix_spawn(&pid, path, nullptr, nullptr, argv, environ);
    if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn");
    return pid;
}

pid_t ForkExec(const char* path, char* const* argv)
{
    const pid_t pid = Check(fork(), "fork");
    if (pid != 0) return pid;
    execve(path, argv, environ);
    _exit(127);
}

//! @param argument  empty for none
Call StartAndWait(pid_t (*start)(const char* path, char* const* argv), std::string path, std::string argument)
{
    return [start, path = std::move(path), argument = std::move(argument)]() mutable {
        char* const argv[]{path.data(), argument.empty() ? nullptr : argument.data(), nullptr};
        const pid_t pid = start(path.c_str(), argv);
        int status = 0;
        Check(waitpid(pid, &status, 0), "waitpid");
        if (status != 0) throw std::runtime_error("the process that does nothing failed");
    };
}

} // namespace

Ballast::Ballast(size_t size) : m_size{size}
{
    if (size == 0) return;
    m_memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m_memory == MAP_FAILED) ThrowErrno("mmap");
    // Huge pages would hide what copying the page tables costs. A kernel without them refuses; all the better.
    madvise(m_memory, size, MADV_NOHUGEPAGE);
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    for (size_t offset = 0; offset < size; offset += page) static_cast<volatile char*>(m_memory)[offset] = 1;
}

Ballast::~Ballast()
{
    if (m_size > 0) munmap(m_memory, m_size);
}

Call BareSpawner::prepare(const std::string& op, size_t)
{
    if (op == "posix-spawn") return StartAndWait(PosixSpawn, SelfPath(), std::string{ROLE_NOTHING});
    if (op == "fork-exec") return StartAndWait(ForkExec, SelfPath(), std::string{ROLE_NOTHING});
    if (op == "start-posix") return StartAndWait(PosixSpawn, SMALLEST_PROGRAM, "");
    if (op == "start-fork") return StartAndWait(ForkExec, SMALLEST_PROGRAM, "");
    ThrowUnknown(op);
}

} // namespace bench
