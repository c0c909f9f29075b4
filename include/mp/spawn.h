#ifndef MP_SPAWN_H
#define MP_SPAWN_H

#include <cstdint>
#include <mp/process.h>
#include <mp/util.h>
#include <optional>
#include <string>
#include <vector>

namespace mp {

//! What a child's stdin, stdout or stderr is.
enum class Stdio {
    Inherit, //!< this process's
    Null,    //!< the null device
    //! Not stdin. Its lines are messages of an event loop: "name: line", at level Info for stdout and Warning for stderr,
    //! with what is not printable ASCII escaped, and split after 8 KiB. A thread of the loop's reads for all its children:
    //! while the log function runs, children that print much wait. When the loop ends it waits a second for children to
    //! close their streams; those that print after that get SIGPIPE.
    Log
};

//! How to start a child. What isn't said here is in <mp/c/process.h>.
struct SpawnOptions
{
    //! The program, searched in PATH if it has no slash, and its arguments. A child with a socket gets the connect info as
    //! one more.
    std::vector<std::string> argv{};
    //! For a child with a socket, instead: makes them from the connect info. Called once at each start, in this process,
    //! on the thread that starts the child, before there is one.
    SpawnConnectInfoToArgsFn make_argv{};
    //! Of the child in messages; the program's, without directories, if empty.
    std::string name{};
    //! Working directory; this process's if empty.
    std::string cwd{};
    //! "NAME=value"; this process's if unset.
    std::optional<std::vector<std::string>> env{};
    //! Applied to env in this order: "NAME=value" sets, "NAME" removes.
    std::vector<std::string> env_edits{};
    Stdio in{Stdio::Inherit};
    Stdio out{Stdio::Inherit};
    Stdio err{Stdio::Inherit};
    //! MP_SPAWN_*.
    uint64_t flags{0};
    //! Further descriptors, left open here.
    std::vector<mp_fd_map> fds{};
    std::vector<mp_resource_limit> limits{};
    //! With MP_SPAWN_SET_UMASK, MP_SPAWN_SET_UID, MP_SPAWN_SET_GID.
    uint32_t umask{0};
    uint32_t uid{0};
    uint32_t gid{0};
    //! Added to this process's niceness.
    int32_t nice{0};
};

//! Start a child without a socket. Any thread.
//! @param loop  whose log output goes to, if options say so; the caller keeps it from ending meanwhile
//! @throws std::system_error when the program can't be executed (names it), when descriptors, memory or processes run
//!         out; std::invalid_argument for options that make no sense. No child is left then.
Process Spawn(const SpawnOptions& options, EventLoop* loop = nullptr);

} // namespace mp

#endif // MP_SPAWN_H
