// Short ways to start, watch and read the tests' children.
#ifndef MP_TEST_SUPPORT_SPAWN_H
#define MP_TEST_SUPPORT_SPAWN_H

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <mp/c/process.h>

namespace mp::test {

//! Generous, because the machine may be busy: no passing test comes near it.
constexpr int DEADLINE_MS = 60000;

//! The numbers that every platform uses for them.
constexpr int SIGNAL_KILL = 9;
constexpr int SIGNAL_TERM = 15;

//! What the platform needs before the first test.
void Prepare();

struct UnrefProcess
{
    void operator()(mp_process* process) const { mp_process_unref(process); }
};
using Process = std::unique_ptr<mp_process, UnrefProcess>;

//! Owns a handle or a socket.
template <typename Kind>
class Owned
{
public:
    using Type = typename Kind::Type;
    explicit Owned(Type value = Kind::Invalid()) : m_value(value) {}
    Owned(Owned&& other) noexcept : m_value(other.Release()) {}
    Owned& operator=(Owned&& other) noexcept
    {
        Close();
        m_value = other.Release();
        return *this;
    }
    ~Owned() { Close(); }
    Type get() const { return m_value; }
    Type Release() { return std::exchange(m_value, Kind::Invalid()); }
    void Close() { Kind::Close(Release()); }

private:
    Type m_value;
};

struct HandleKind
{
    using Type = mp_handle;
    static Type Invalid() { return MP_HANDLE_INVALID; }
    static void Close(Type handle);
};
using Fd = Owned<HandleKind>;

struct SocketKind
{
    using Type = mp_socket;
    static Type Invalid() { return MP_SOCKET_INVALID; }
    static void Close(Type socket);
};
using Socket = Owned<SocketKind>;

struct Pipe
{
    Fd read;
    Fd write;
};
Pipe MakePipe(); // not inherited

//! One call each: the count, or -1.
std::ptrdiff_t Read(mp_handle handle, void* data, size_t size);
std::ptrdiff_t Write(mp_handle handle, const void* data, size_t size);
mp_socket Accept(mp_socket socket);
std::ptrdiff_t Receive(mp_socket socket, void* data, size_t size);
std::ptrdiff_t Send(mp_socket socket, const void* data, size_t size);
//! Whether the last of them failed because it would have had to wait.
bool WouldBlock();

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
    Command& Stdio(int number, mp_handle handle);
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

//! It must fail with this status and message and leave nothing behind.
void ExpectFailure(Command command, int status, int stage, const std::string& message);

//! A child that runs until its stdin, the write end given back, is closed.
struct Held
{
    Process process;
    Fd hold;
};
Held StartHeld();

mp_exit Wait(mp_process* process);
//! Until the exit handle tells the end.
bool WaitEnded(const mp_process* process, int timeout_ms = DEADLINE_MS);
bool WaitReadable(mp_socket socket, int timeout_ms = DEADLINE_MS);
//! What comes until the end.
std::string ReadAll(mp_handle handle);
std::string ReceiveAll(mp_socket socket);
//! Run a command and return its standard output.
std::string OutputOf(Command& command);
//! Lines "key rest" to a map.
std::map<std::string, std::string> ParseLines(const std::string& text);
bool IsRunning(int pid);
//! A variable of this process's environment; NULL removes it.
void SetEnvironment(const char* name, const char* value);
//! The environment that print_start printed, without what the system adds for itself.
std::set<std::string> EnvironmentIn(const std::string& output);
bool IsAddedBySystem(const std::string& variable);
//! Wait until no process has this number, or give up at the deadline.
bool WaitGone(int pid);

} // namespace mp::test

#endif // MP_TEST_SUPPORT_SPAWN_H
