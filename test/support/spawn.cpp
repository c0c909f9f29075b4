#include <support/spawn.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <utility>

namespace mp::test {
namespace {

[[noreturn]] void Give(const char* what, const char* why)
{
    std::fprintf(stderr, "%s: %s\n", what, why);
    std::abort();
}

} // namespace

Fd& Fd::operator=(Fd&& other) noexcept
{
    Close();
    m_fd = other.Release();
    return *this;
}

int Fd::Release()
{
    return std::exchange(m_fd, -1);
}

void Fd::Close()
{
    const int fd = Release();
    if (fd >= 0) close(fd);
}

Pipe MakePipe()
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) < 0) Give("pipe", mp_status_text(-errno));
    return {Fd(fd[0]), Fd(fd[1])};
}

std::string ChildPath(const std::string& name)
{
    return std::string(MP_TEST_CHILD_DIR "/") + name;
}

bool AllPrivate()
{
    static const bool all = std::getenv("MP_TEST_PRIVATE") != nullptr;
    return all;
}

void StartSpawnServer()
{
    Wait(ChildCommand("exit_code").Flags(MP_SPAWN_PRIVATE).Start().get());
}

Command::Command(std::vector<std::string> args) : m_args(std::move(args)) {}

Command& Command::Stdio(int number, int fd)
{
    m_options.stdio[number] = {MP_STDIO_HANDLE, fd};
    return *this;
}

Command& Command::Null(int number)
{
    m_options.stdio[number] = {MP_STDIO_NULL, -1};
    return *this;
}

Command& Command::Hand(int parent, int child)
{
    m_fds.push_back({parent, child});
    return *this;
}

Command& Command::Env(std::vector<std::string> env)
{
    m_env = std::move(env);
    m_envp.clear();
    for (const auto& entry : m_env) m_envp.push_back(entry.c_str());
    m_envp.push_back(nullptr);
    m_options.env = m_envp.data();
    return *this;
}

Command& Command::Cwd(const char* cwd)
{
    m_options.cwd = cwd;
    return *this;
}

Command& Command::Flags(uint64_t flags)
{
    m_options.flags = flags;
    return *this;
}

const mp_spawn_options* Command::options()
{
    m_argv.clear();
    for (const auto& arg : m_args) m_argv.push_back(arg.c_str());
    m_argv.push_back(nullptr);
    m_options.argv = m_argv.data();
    m_options.fds = m_fds.data();
    m_options.n_fds = m_fds.size();
    if (m_options.env != nullptr) m_options.env = m_envp.data();
    return &m_options;
}

int Command::Spawn(Process& process, mp_error* error)
{
    mp_process* raw = nullptr;
    if (AllPrivate()) m_options.flags |= MP_SPAWN_PRIVATE;
    const int r = mp_process_spawn(options(), &raw, error);
    process.reset(raw);
    return r;
}

Process Command::Start()
{
    Process process;
    mp_error error;
    if (Spawn(process, &error) < 0) Give("spawn", error.message);
    return process;
}

Command ChildCommand(const std::string& name, std::vector<std::string> args)
{
    args.insert(args.begin(), ChildPath(name));
    return Command(std::move(args));
}

Held StartHeld()
{
    Pipe pipe = MakePipe();
    Process process = ChildCommand("hold").Stdio(0, pipe.read.get()).Start();
    return {std::move(process), std::move(pipe.write)};
}

mp_exit Wait(mp_process* process)
{
    mp_exit exit;
    mp_error error;
    if (mp_process_wait(process, DEADLINE_MS, &exit, &error) < 0) Give("wait", error.message);
    return exit;
}

bool WaitReadable(int fd, int timeout_ms)
{
    pollfd entry{fd, POLLIN, 0};
    int n;
    while ((n = poll(&entry, 1, timeout_ms)) < 0 && errno == EINTR) {
    }
    return n == 1;
}

std::string ReadAll(int fd)
{
    std::string text;
    char buffer[4096];
    for (;;) {
        if (!WaitReadable(fd)) Give("read", "deadline passed");
        const ssize_t n = read(fd, buffer, sizeof(buffer));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return text;
        text.append(buffer, static_cast<size_t>(n));
    }
}

std::string OutputOf(Command& command)
{
    Pipe pipe = MakePipe();
    const Process process = command.Stdio(1, pipe.write.get()).Start();
    pipe.write.Close();
    std::string text = ReadAll(pipe.read.get());
    Wait(process.get());
    return text;
}

std::map<std::string, std::string> ParseLines(const std::string& text)
{
    std::map<std::string, std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        const size_t blank = line.find(' ');
        lines[line.substr(0, blank)] = blank == std::string::npos ? "" : line.substr(blank + 1);
    }
    return lines;
}

bool WaitGone(int pid)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(DEADLINE_MS);
    while (kill(pid, 0) == 0 || errno != ESRCH) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

} // namespace mp::test
