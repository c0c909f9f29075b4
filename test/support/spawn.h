// Short ways to start, watch and read the tests' children.
#ifndef MP_TEST_SUPPORT_SPAWN_H
#define MP_TEST_SUPPORT_SPAWN_H

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <mp/c/process.h>

namespace mp::test {

//! Generous, because the machine may be busy: no passing test comes near it.
constexpr int DEADLINE_MS = 60000;

struct UnrefProcess
{
    void operator()(mp_process* process) const { mp_process_unref(process); }
};
using Process = std::unique_ptr<mp_process, UnrefProcess>;

class Fd
{
public:
    explicit Fd(int fd = -1) : m_fd(fd) {}
    Fd(Fd&& other) noexcept : m_fd(other.Release()) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { Close(); }
    int get() const { return m_fd; }
    int Release();
    void Close();

private:
    int m_fd;
};

struct Pipe
{
    Fd read;
    Fd write;
};
Pipe MakePipe(); // close-on-exec

//! Path of one of the programs in test/child.
std::string ChildPath(const std::string& name);

//! Whether every child of a Command is private: with MP_TEST_PRIVATE in the environment.
bool AllPrivate();
//! The spawn server runs, and this process is connected to it, when this returns.
void StartSpawnServer();

//! Options with the memory behind them.
class Command
{
public:
    explicit Command(std::vector<std::string> args);
    Command& Stdio(int number, int fd);
    Command& Null(int number);
    Command& Hand(int parent, int child);
    Command& Env(std::vector<std::string> env);
    Command& Cwd(const char* cwd);
    Command& Flags(uint64_t flags);

    //! The fields that have no function here.
    mp_spawn_options& mutable_options() { return m_options; }

    const mp_spawn_options* options();
    int Spawn(Process& process, mp_error* error = nullptr);
    Process Start(); // a failure ends the test program

private:
    std::vector<std::string> m_args, m_env;
    std::vector<const char*> m_argv, m_envp;
    std::vector<mp_fd_map> m_fds;
    mp_spawn_options m_options = MP_SPAWN_OPTIONS_INIT;
};

//! A command by name of a program in test/child.
Command ChildCommand(const std::string& name, std::vector<std::string> args = {});

//! A child that runs until its stdin, the write end given back, is closed.
struct Held
{
    Process process;
    Fd hold;
};
Held StartHeld();

mp_exit Wait(mp_process* process);
bool WaitReadable(int fd, int timeout_ms = DEADLINE_MS);
std::string ReadAll(int fd);
//! Run a command and return its standard output.
std::string OutputOf(Command& command);
//! Lines "key rest" to a map.
std::map<std::string, std::string> ParseLines(const std::string& text);
//! Wait until no process has this number, or give up at the deadline.
bool WaitGone(int pid);

} // namespace mp::test

#endif // MP_TEST_SUPPORT_SPAWN_H
