#ifndef MP_UTIL_H
#define MP_UTIL_H

#include <array>
#include <capnp/schema.h>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <kj/async-io.h>
#include <kj/memory.h>
#include <kj/string-tree.h>
#include <memory>
#include <mp/sync.h>
#include <mp/version.h>
#include <mutex>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

namespace mp {

// Type helpers

//! A list of types as one type. The empty list stands for "no C++ argument".
template <typename... Types>
struct TypeList
{
    static constexpr size_t size = sizeof...(Types);
};

//! Rank of an overload: an argument of type Priority<N> converts to every lower rank, and prefers the highest that fits.
template <int priority>
struct Priority : Priority<priority - 1>
{
};
template <>
struct Priority<0>
{
};

//! Make a class template's object, the last template arguments deduced from the constructor's.
template <template <typename...> class Class, typename... Types, typename... Args>
Class<Types..., std::remove_reference_t<Args>...> Make(Args&&... args)
{
    return Class<Types..., std::remove_reference_t<Args>...>{std::forward<Args>(args)...};
}

template <typename T>
using RemoveCvRef = std::remove_cv_t<std::remove_reference_t<T>>;

template <typename T>
using Decay = std::decay_t<T>;

namespace detail {
template <typename SfinaeExpr, typename Result>
struct RequireResult
{
    using Type = Result;
};
} // namespace detail

//! Result, where the expression type is valid.
template <typename SfinaeExpr, typename Result = void>
using Require = typename detail::RequireResult<SfinaeExpr, Result>::Type;

// Strings, logs, threads

//! "<exe_name>-<pid>/<thread name>-<thread id>", without "<thread name>-" where the thread has none. A null exe_name
//! is treated as empty.
std::string ThreadName(const char* exe_name);

//! Escape what is not printable ASCII as a backslash and two hexadecimal digits, and a backslash as two; cut off with
//! "..." as soon as the output is longer than max_size.
std::string LogEscape(const kj::StringTree& string, size_t max_size);

inline char* CharCast(char* c) { return c; }
inline char* CharCast(unsigned char* c) { return reinterpret_cast<char*>(c); }
inline const char* CharCast(const char* c) { return c; }
inline const char* CharCast(const unsigned char* c) { return reinterpret_cast<const char*>(c); }

//! Thrown by a method that gives up because it was interrupted; no error, see ServerInvokeContext.
struct InterruptException final : std::exception
{
    explicit InterruptException(std::string message) : m_message(std::move(message)) {}
    const char* what() const noexcept override { return m_message.c_str(); }
    std::string m_message;
};

// Processes and sockets

using Stream = kj::Own<kj::AsyncIoStream>;
using ProcessId = int;
using SocketId = int;
constexpr SocketId SocketError{-1};

//! What a child needs to find its socket; opaque, goes on its command line.
using SpawnConnectInfo = std::string;
using SpawnConnectInfoToArgsFn = std::function<std::vector<std::string>(const SpawnConnectInfo&)>;

//! Start a child that is connected to this process by a socket pair. The function makes the child's arguments (the
//! program first) from the connect info; it is called once, in this process. Any thread.
//! @return the child's process id, which the caller waits for, and this process's end of the pair, which the caller owns
//! @throws std::system_error when the program can't be executed (names it), when descriptors, memory or processes run
//!         out; and what the function throws. No child is left then.
std::tuple<ProcessId, SocketId> SpawnProcess(SpawnConnectInfoToArgsFn&& connect_info_to_args);

//! In the child: the socket that a connect info stands for; the caller owns it.
//! @throws std::system_error (EINVAL) when the text is no connect info, (ENOTSOCK, EBADF) when its descriptor is none
SocketId StartSpawned(const SpawnConnectInfo& connect_info);

//! Two connected stream sockets, both close-on-exec. The caller owns them.
//! @throws kj::Exception
std::array<SocketId, 2> SocketPair();

//! Start args[0] (searched in PATH when it has no slash) with the environment and the descriptors of this process.
//! @return the process id, which the caller waits for
//! @throws kj::Exception that names the program
ProcessId StartProcess(const std::vector<std::string>& args);

//! Wait until a child ends, and reap it.
//! @return the raw status, as waitpid gives it
//! @throws std::system_error
int WaitProcess(ProcessId pid);

//! Close a socket.
//! @throws kj::Exception
void CloseSocket(SocketId socket);

//! The command line that Windows programs parse back into these arguments.
std::string CommandLineFromArgv(const std::vector<std::string>& argv);

} // namespace mp

#endif // MP_UTIL_H
