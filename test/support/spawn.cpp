#include <support/spawn.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>

#include <support/process_state.h>

namespace mp::test {
namespace {

[[noreturn]] void Give(const char* what, const char* why)
{
    std::fprintf(stderr, "%s: %s\n", what, why);
    std::abort();
}

} // namespace

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

Command& Command::Stdio(int number, mp_handle handle)
{
    m_options.stdio[number].kind = MP_STDIO_HANDLE;
    m_options.stdio[number].handle = handle;
    return *this;
}

Command& Command::Null(int number)
{
    m_options.stdio[number].kind = MP_STDIO_NULL;
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
    if (Spawn(process, &error) < 0) Give(("spawn, code " + std::to_string(error.system_code)).c_str(), error.message);
    return process;
}

Command ChildCommand(const std::string& name, std::vector<std::string> args)
{
    args.insert(args.begin(), ChildPath(name));
    return Command(std::move(args));
}

void ExpectFailure(Command command, int status, int stage, const std::string& message)
{
    const auto before = ProcessState::Now();
    Process process;
    mp_error error;
    EXPECT_EQ(command.Spawn(process, &error), status);
    EXPECT_EQ(process, nullptr);
    EXPECT_EQ(error.status, status);
    EXPECT_EQ(error.stage, stage);
    EXPECT_NE(error.system_code, 0);
    EXPECT_EQ(error.message, message);
    EXPECT_EQ(before.NowSettled(), before);
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

std::string ReadAll(mp_handle handle)
{
    std::string text;
    char buffer[4096];
    for (;;) {
        const std::ptrdiff_t n = Read(handle, buffer, sizeof(buffer));
        if (n <= 0) return text;
        text.append(buffer, static_cast<size_t>(n));
    }
}

std::string ReceiveAll(mp_socket socket)
{
    std::string text;
    char buffer[4096];
    for (;;) {
        if (!WaitReadable(socket)) Give("receive", "deadline passed");
        const std::ptrdiff_t n = Receive(socket, buffer, sizeof(buffer));
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

std::set<std::string> EnvironmentIn(const std::string& output)
{
    std::set<std::string> env;
    std::istringstream in(output);
    for (std::string line; std::getline(in, line);) {
        if (line.rfind("env ", 0) != 0 || IsAddedBySystem(line.substr(4))) continue;
        EXPECT_TRUE(env.insert(line.substr(4)).second) << line;
    }
    return env;
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

} // namespace mp::test
