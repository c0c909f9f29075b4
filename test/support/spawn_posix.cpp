#include <support/spawn.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

#include <support/fault.h>

namespace mp::test {
namespace {

//! With MP_TEST_INTERRUPTED in the environment: a signal in the middle of everything, which no system call survives
//! that can be interrupted.
void InterruptEverything()
{
    constexpr suseconds_t PERIOD_US = 100;
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, nullptr);
    const itimerval timer{{0, PERIOD_US}, {0, PERIOD_US}};
    setitimer(ITIMER_REAL, &timer, nullptr);
}

} // namespace

void Prepare()
{
    if (std::getenv("MP_TEST_INTERRUPTED") != nullptr) InterruptEverything();
    Fault::Install();
    setenv("MP_SPAWN_SERVER", MP_TEST_SPAWN_SERVER, 1);
}

void HandleKind::Close(Type handle)
{
    if (handle >= 0) close(handle);
}

void SocketKind::Close(Type socket)
{
    HandleKind::Close(socket);
}

Pipe MakePipe()
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) < 0) {
        std::perror("pipe");
        std::abort();
    }
    return {Fd(fd[0]), Fd(fd[1])};
}

std::ptrdiff_t Read(mp_handle handle, void* data, size_t size)
{
    if (!WaitReadable(handle)) {
        std::fprintf(stderr, "read: deadline passed\n");
        std::abort();
    }
    return Receive(handle, data, size);
}

std::ptrdiff_t Write(mp_handle handle, const void* data, size_t size)
{
    return Send(handle, data, size);
}

mp_socket Accept(mp_socket socket)
{
    int fd;
    while ((fd = accept(socket, nullptr, nullptr)) < 0 && errno == EINTR) {
    }
    return fd;
}

std::ptrdiff_t Receive(mp_socket socket, void* data, size_t size)
{
    ssize_t n;
    while ((n = read(socket, data, size)) < 0 && errno == EINTR) {
    }
    return n;
}

std::ptrdiff_t Send(mp_socket socket, const void* data, size_t size)
{
    ssize_t n;
    while ((n = write(socket, data, size)) < 0 && errno == EINTR) {
    }
    return n;
}

bool WouldBlock()
{
    return errno == EAGAIN;
}

bool WaitEnded(const mp_process* process, int timeout_ms)
{
    return WaitReadable(mp_process_exit_fd(process), timeout_ms);
}

bool WaitReadable(mp_socket socket, int timeout_ms)
{
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
    pollfd entry{socket, POLLIN, 0};
    int n;
    while ((n = poll(&entry, 1, timeout_ms)) < 0 && errno == EINTR) {
        if (timeout_ms < 0) continue;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        timeout_ms = std::max(0, static_cast<int>(left.count()));
    }
    return n == 1;
}

void SetEnvironment(const char* name, const char* value)
{
    if (value == nullptr) {
        unsetenv(name);
    } else {
        setenv(name, value, 1);
    }
}

bool IsAddedBySystem(const std::string&)
{
    return false;
}

bool IsRunning(int pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

bool WaitGone(int pid)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(DEADLINE_MS);
    while (IsRunning(pid)) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

} // namespace mp::test
