#include <mp/util.h>

#include "errors.h"
#include "spawn-connected.h"

#include <cerrno>
#include <kj/debug.h>
#include <mp/c/process.h>
#include <mp/c/socket.h>
#include <pthread.h>
#include <spawn.h>
#include <sstream>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace mp {

namespace {
void AppendThreadId(std::string& out)
{
#ifdef __linux__
    out += std::to_string(syscall(SYS_gettid));
#else
    std::ostringstream id;
    id << std::this_thread::get_id();
    out += id.str();
#endif
}
} // namespace

std::string ThreadName(const char* exe_name)
{
    char os_name[16] = {0};
#if defined(__linux__) || defined(__APPLE__)
    pthread_getname_np(pthread_self(), os_name, sizeof(os_name));
#endif
    std::string result = exe_name ? exe_name : "";
    result += '-';
    result += std::to_string(getpid());
    result += '/';
    if (os_name[0] != '\0') {
        result += os_name;
        result += '-';
    }
    AppendThreadId(result);
    return result;
}

std::string LogEscape(const kj::StringTree& string, size_t max_size)
{
    static const char HEX[] = "0123456789abcdef";
    std::string result;
    bool full = false;
    string.visit([&](const kj::ArrayPtr<const char>& piece) {
        if (full) return;
        for (const char c : piece) {
            const auto byte = static_cast<unsigned char>(c);
            if (c == '\\') {
                result += "\\\\";
            } else if (byte < 0x20 || byte > 0x7e) {
                result += '\\';
                result += HEX[byte >> 4];
                result += HEX[byte & 0xf];
            } else {
                result += c;
            }
            if (result.size() > max_size) {
                result += "...";
                full = true;
                return;
            }
        }
    });
    return result;
}

std::string CommandLineFromArgv(const std::vector<std::string>& argv)
{
    std::string result;
    for (const std::string& arg : argv) {
        if (!result.empty() || &arg != &argv.front()) result += ' ';
        if (!arg.empty() && arg.find_first_of(" \t\"") == std::string::npos) {
            result += arg;
            continue;
        }
        result += '"';
        size_t backslashes = 0;
        for (const char c : arg) {
            // Backslashes count as such, unless a quote follows.
            if (c == '"') result.append(backslashes + 1, '\\');
            backslashes = c == '\\' ? backslashes + 1 : 0;
            result += c;
        }
        result.append(backslashes, '\\');
        result += '"';
    }
    return result;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings)
{
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
    result.push_back(nullptr);
    return result;
}

std::pair<Process, SocketId>
SpawnConnected(const mp_spawn_options* options,
               FunctionRef<std::vector<std::string>(const SpawnConnectInfo& connect_info)> make_argv)
{
    struct Call
    {
        FunctionRef<std::vector<std::string>(const SpawnConnectInfo&)> fn;
        std::vector<std::string> args;
        std::vector<char*> argv;
        std::exception_ptr error;
    } call{make_argv, {}, {}, {}};

    mp_process* process = nullptr;
    mp_socket socket = MP_SOCKET_INVALID;
    mp_error error;
    const int status = mp_spawn_connected(
        options,
        [](void* user, const char* connect_info, const char* const** ret_argv) -> int {
            Call& call = *static_cast<Call*>(user);
            // No exception may cross the C layer.
            try {
                call.args = call.fn(connect_info);
                call.argv = Pointers(call.args);
            } catch (...) {
                call.error = std::current_exception();
                return MP_ECANCELED;
            }
            *ret_argv = call.argv.data();
            return 0;
        },
        &call, &process, &socket, &error);
    if (call.error) std::rethrow_exception(call.error);
    if (status < 0) ThrowSystemError(error);
    return {Process(process), socket};
}

std::tuple<ProcessId, SocketId> SpawnProcess(SpawnConnectInfoToArgsFn&& connect_info_to_args)
{
    const auto [process, socket] = SpawnConnected(nullptr, connect_info_to_args);
    mp_process_id pid{};
    const int released = mp_process_release(process.get(), &pid);
    assert(released == 0);
    (void)released;
    return {pid, socket};
}

SocketId StartSpawned(const SpawnConnectInfo& connect_info)
{
    mp_socket socket = MP_SOCKET_INVALID;
    mp_error error;
    const int status = mp_start_spawned(connect_info.c_str(), &socket, &error);
    if (status < 0) {
        throw std::system_error(error.system_code ? error.system_code : -status, std::system_category(),
                                "StartSpawned: invalid connect_info '" + connect_info + "'");
    }
    return socket;
}

std::array<SocketId, 2> SocketPair()
{
    std::array<SocketId, 2> sockets{SocketError, SocketError};
    mp_error error;
    const int status = mp_socket_pair(&sockets[0], &sockets[1], &error);
    if (status < 0) KJ_FAIL_SYSCALL("socketpair", error.system_code, error.message);
    return sockets;
}

void CloseSocket(SocketId socket)
{
    const int status = mp_socket_close(socket);
    if (status < 0) KJ_FAIL_SYSCALL("close", -status, socket);
}

ProcessId StartProcess(const std::vector<std::string>& args)
{
    KJ_REQUIRE(!args.empty(), "StartProcess: no program named");
    const std::vector<char*> argv = Pointers(args);
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ);
    if (error != 0) KJ_FAIL_SYSCALL("posix_spawnp", error, args.front());
    return pid;
}

int WaitProcess(ProcessId pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) throw std::system_error(errno, std::system_category(), "waitpid");
    }
    return status;
}

} // namespace mp
