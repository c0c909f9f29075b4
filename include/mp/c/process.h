/* <mp/c/process.h>: start child processes, signal them, and learn how they ended. */
#ifndef MP_C_PROCESS_H
#define MP_C_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include <mp/c/capture.h>
#include <mp/c/error.h>
#include <mp/c/export.h>
#include <mp/c/handle.h>
#include <mp/c/socket.h>

/** One child. AnyThread. After the application called fork(), only the process that spawned the
 *  child may use it; the other one may unref it. */
typedef struct mp_process mp_process;

/** What mp_process_release hands out: a pid to wait for, on Windows the process handle. */
#ifdef _WIN32
typedef void *mp_process_id;
#else
typedef int mp_process_id;
#endif

/** What a child's stdin, stdout or stderr is. */
typedef enum mp_stdio_kind {
    MP_STDIO_INHERIT = 0, /* the parent's; closed if the parent's is closed */
    MP_STDIO_NULL = 1,    /* the null device */
    MP_STDIO_HANDLE = 2,  /* the given handle: borrowed, left open in the parent */
    MP_STDIO_CAPTURED = 3 /* stdout and stderr only: a pipe (Windows: a socket) that options.capture reads, or
                           * without one the application (mp_process_take_output) */
} mp_stdio_kind;

typedef struct mp_stdio {
    int32_t kind; /* enum mp_stdio_kind */
#ifdef _WIN32
    int32_t reserved; /* 0 */
#endif
    mp_handle handle; /* read only if kind is MP_STDIO_HANDLE */
} mp_stdio;

/** One more descriptor for the child. */
typedef struct mp_fd_map {
    int parent; /* open in this process; borrowed, left open */
    int child;  /* its number in the child, 3 or higher, each one only once */
} mp_fd_map;

/** Do not search PATH: argv[0] without a slash names a file in the working directory. */
#define MP_SPAWN_NO_PATH_SEARCH (UINT64_C(1) << 0)
/** Let the child start with the calling thread's signal mask and with the signals ignored that are
 *  ignored here. Without it: an empty mask and default dispositions. No effect on Windows. */
#define MP_SPAWN_KEEP_SIGNALS (UINT64_C(1) << 1)
/** The child leads a process group of its own, which mp_process_kill_group reaches: its own children
 *  too, unless they leave it. Signals of the terminal (Ctrl-C) don't reach it. On Windows a job object. */
#define MP_SPAWN_OWN_GROUP (UINT64_C(1) << 2)
/** The child leads a session of its own, without a terminal, and a process group (MP_SPAWN_OWN_GROUP).
 *  MP_ENOTSUP on Windows. */
#define MP_SPAWN_OWN_SESSION (UINT64_C(1) << 3)
/** The child is killed (SIGKILL) when this process ends, however it ends; if it isn't private, when this
 *  process executes another program, too. Its own children are not (on Windows they are if it leads a group).
 *  A program that changes the user when it is executed (setuid) escapes. A thread of the library starts it:
 *  what Linux keeps for each thread (capabilities, processor affinity, filters of system calls) is that
 *  thread's, which has it from the first thread that started such a child. MP_ENOTSUP where the system can't: on
 *  POSIX systems other than Linux and FreeBSD. */
#define MP_SPAWN_DIE_WITH_PARENT (UINT64_C(1) << 4)
/** Dropping the last reference while the child runs kills it (SIGKILL) instead of detaching it. */
#define MP_SPAWN_KILL_ON_UNREF (UINT64_C(1) << 5)
/** The fields umask, uid and gid count. MP_ENOTSUP on Windows. With one of the last two the child's
 *  supplementary groups are dropped, which needs privilege; making the child costs a copy of this
 *  process's page tables, since sharing memory with another user's process is not safe. */
#define MP_SPAWN_SET_UMASK (UINT64_C(1) << 6)
#define MP_SPAWN_SET_UID (UINT64_C(1) << 7)
#define MP_SPAWN_SET_GID (UINT64_C(1) << 8)

/** The child is private: it raises no SIGCHLD in this process, and no wait function of the application can take
 *  its status, which belongs to the handle alone. The spawn server starts it and waits for it: a small program
 *  (mp-spawn-server) that the library starts when the first private child is asked for, at any moment, and that
 *  ends when nobody needs it. The child is the server's, and inherits from it what no option names: process
 *  group, session and terminal, control group, namespaces, limits, umask, niceness, as they were here when the
 *  server was started. Users, groups, capabilities, filters of system calls and root directory must be the same
 *  as then, or a new server is started. Should the server be killed, handles report MP_EXIT_LOST unless the
 *  system still tells, children run on (those of MP_SPAWN_DIE_WITH_PARENT are killed), and the next private child
 *  starts a new server. Where this process is PID 1 or a child subreaper, the server's end is seen here, and if
 *  it was killed so are its children's.
 *  The program is found by its installed path, or by the environment variable MP_SPAWN_SERVER.
 *  At most 246 descriptors. MP_ENOTSUP on Windows, where every child is. */
#define MP_SPAWN_PRIVATE (UINT64_C(1) << 9)

/** No limit, in mp_resource_limit. */
#define MP_RESOURCE_UNLIMITED UINT64_MAX

/** A resource limit of the child (setrlimit). */
typedef struct mp_resource_limit {
    int32_t resource; /* RLIMIT_* of <sys/resource.h> */
    int32_t reserved; /* 0 */
    uint64_t soft;
    uint64_t hard;
} mp_resource_limit;

/** How to start a child. Set it to MP_SPAWN_OPTIONS_INIT first: later versions append fields, and
 *  zero always means the default. Everything it points to is borrowed until the call returns and
 *  must not change meanwhile. */
typedef struct mp_spawn_options {
    size_t size;             /* sizeof(mp_spawn_options) as the caller's compiler saw it */
    const char *const *argv; /* NULL-terminated, at least argv[0]: the program; UTF-8 on Windows, as all strings */
    const char *const *env;  /* "NAME=value" strings, NULL-terminated; NULL inherits. Without SystemRoot few
                              * programs work on Windows */
    const char *cwd;         /* working directory; NULL inherits. A relative program is looked up in it */
    const mp_fd_map *fds;    /* further descriptors; MP_ENOTSUP on Windows unless n_fds is 0 */
    size_t n_fds;
    uint64_t flags;    /* MP_SPAWN_*; unknown bits are refused */
    mp_stdio stdio[3]; /* stdin, stdout, stderr */
    const char *const *env_edits;    /* applied to env in this order, NULL-terminated: "NAME=value" sets,
                                      * "NAME" removes; on Windows names have no case */
    const mp_resource_limit *limits; /* MP_ENOTSUP on Windows unless n_limits is 0, as is nice */
    size_t n_limits;
    uint32_t umask; /* with MP_SPAWN_SET_UMASK */
    uint32_t uid;   /* with MP_SPAWN_SET_UID: real, effective and saved */
    uint32_t gid;   /* with MP_SPAWN_SET_GID */
    int32_t nice;   /* added to this process's niceness; below 0 needs privilege */
    mp_capture *capture; /* reads what is MP_STDIO_CAPTURED; must outlive the child's streams: referenced by the
                          * caller until mp_capture_wait says so, or given up */
    void *capture_child; /* what stands for the child in the capture's lines */
} mp_spawn_options;

#ifdef _WIN32
#define MP_STDIO_INIT {MP_STDIO_INHERIT, 0, NULL}
#else
#define MP_STDIO_INIT {MP_STDIO_INHERIT, 0}
#endif
#define MP_SPAWN_OPTIONS_INIT \
    {sizeof(mp_spawn_options), NULL, NULL, NULL, NULL, 0, 0, {MP_STDIO_INIT, MP_STDIO_INIT, MP_STDIO_INIT}, \
     NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL}

/** How a child ended. */
typedef enum mp_exit_how {
    MP_EXIT_EXITED = 0,   /* value is the exit code; on Windows all of its 32 bits */
    MP_EXIT_SIGNALED = 1, /* value is the signal */
    MP_EXIT_LOST = 2      /* nobody can tell: someone else took the status, or the spawn server has been
                           * killed (then the child may still run); value is 0 */
} mp_exit_how;

/** The layout is frozen. */
typedef struct mp_exit {
    int32_t how; /* enum mp_exit_how */
    int32_t value;
    int32_t core_dumped;    /* 1 if a core was dumped */
    int32_t reserved;       /* 0 */
    int64_t user_time_us;   /* CPU time of the child and of the children that it waited for; on Windows of
                             * the child alone */
    int64_t system_time_us; /* 0 if lost, as is max_rss_kib */
    int64_t max_rss_kib;    /* peak resident memory. Linux starts counting at the spawning process's
                             * peak (memory is shared until exec), so this is an upper bound */
} mp_exit;

#ifdef __cplusplus
static_assert(sizeof(mp_exit) == 40, "the layout of mp_exit is frozen");
#else
_Static_assert(sizeof(mp_exit) == 40, "the layout of mp_exit is frozen");
#endif

MP_BEGIN_DECLS

/** Build the argv of a connected child. Called exactly once, in the parent, on the calling thread,
 *  before the child exists, with no lock of the library held.
 *  user          as given to mp_spawn_connected.
 *  connect_info  what the child has to give to mp_start_spawned; opaque, borrowed for the call.
 *  ret_argv      set to a NULL-terminated array that stays valid until mp_spawn_connected returns.
 *  Returns 0, or a negative status, which mp_spawn_connected then returns. Must return: no longjmp,
 *  no exception. */
typedef int mp_spawn_argv_fn(void *user, const char *connect_info, const char *const **ret_argv);

/** Told that a child has ended: once, on a thread of the library, with no lock of the library held. It may
 *  call every function here, and should not take long: other children's callbacks wait for it. Must
 *  return: no longjmp, no exception.
 *  user     as given to mp_process_on_exit.
 *  process  borrowed for the call.
 *  exit     how it ended; mp_process_wait answers the same. */
typedef void mp_process_exit_fn(void *user, mp_process *process, const mp_exit *exit);

/** Start a child process.
 *
 *  The child gets stdin, stdout and stderr, the listed descriptors, and nothing else, whatever other
 *  threads open meanwhile. Nothing runs in it before the program that could allocate or lock, and the
 *  cost depends neither on this process's memory nor on its descriptor limit. If the program can't be
 *  executed the call fails, there is no child, and the application sees no SIGCHLD.
 *  AnyThread; the calling thread is suspended until the program runs. Not a cancellation point.
 *
 *  The child belongs to the handle: wait for it only through the handle. Should the application
 *  take it with waitpid(-1), or ignore SIGCHLD, the handle reports MP_EXIT_LOST.
 *
 *  options      argv is required. The program is searched in this process's PATH if it has no slash. On
 *               Windows: nor a backslash or colon; ".exe" may be left out; a batch file is MP_ENOEXEC, since its
 *               arguments can't be quoted safely.
 *  ret_process  set on success only; the caller owns one reference.
 *  reterr       may be NULL; set on failure only: stage, system code, "spawn 'prog': reason".
 *  Returns 0, or MP_ENOENT (no such program or working directory), MP_EACCES, MP_ENOEXEC, MP_ENOTDIR,
 *  MP_E2BIG (arguments too long; also options from a newer version that this one can't honour), MP_EINVAL,
 *  MP_EBADF (a given descriptor is not open), MP_EAGAIN (process limit), MP_ENOMEM, MP_EMFILE, or
 *  another negative status. */
MP_API MP_NODISCARD int mp_process_spawn(const mp_spawn_options *options, mp_process **ret_process,
                                         mp_error *reterr);

/** Start a child that is connected to this process by a stream socket. As mp_process_spawn, and:
 *  options     may be NULL; its argv must be NULL.
 *  make_argv   called once with the connect info: a number (POSIX) or a pipe's path (Windows).
 *  ret_socket  this process's end, blocking, close-on-exec; set on success only, the caller closes
 *              it. It reads end of stream once the child and all that it handed its end to are gone; on
 *              Windows a reset if they ended without closing it.
 *  On Windows the call waits until the child called mp_start_spawned or has ended (MP_ECONNABORTED). */
MP_API MP_NODISCARD int mp_spawn_connected(const mp_spawn_options *options, mp_spawn_argv_fn *make_argv,
                                           void *user, mp_process **ret_process, mp_socket *ret_socket,
                                           mp_error *reterr);

/** In a child started with mp_spawn_connected: turn the connect info into the child's end. The socket
 *  becomes close-on-exec. Call it once; a second call returns the same descriptor (POSIX) or fails
 *  (Windows: MP_ENOENT, as for a pipe that doesn't exist).
 *  ret_socket  set on success only; the caller closes it.
 *  Returns 0, or MP_EINVAL (not a connect info), MP_EBADF (no such descriptor), MP_ENOTSOCK (the
 *  descriptor is no socket), or another negative status. */
MP_API MP_NODISCARD int mp_start_spawned(const char *connect_info, mp_socket *ret_socket, mp_error *reterr);

/** Start a child that is connected to this process by its stdin and stdout, so that it can be started by
 *  any launcher that hands these on: a shell, ssh, a container's exec. As mp_process_spawn, and:
 *  options     its stdio for stdin and stdout must be MP_STDIO_INHERIT, which they don't become.
 *  ret_input   what the child writes to its stdout is read here; a pipe. It ends once the child and all
 *              that inherited its stdout are gone.
 *  ret_output  what is written here the child reads from its stdin; a pipe. Writing to it when nobody
 *              reads raises SIGPIPE unless the writer prevents it, as the streams of the C++ runtime do.
 *  Both block, are close-on-exec, set on success only, and closed by the caller. */
MP_API MP_NODISCARD int mp_spawn_stdio(const mp_spawn_options *options, mp_process **ret_process,
                                       mp_handle *ret_input, mp_handle *ret_output, mp_error *reterr);

/** In a child started with mp_spawn_stdio, directly or by a launcher: take stdin and stdout away from the
 *  program, which must not print into the stream. Call it first of all. From then on stdin is the null
 *  device, and what is written to stdout goes to stderr; on Windows for the C runtime that this library uses
 *  and for who asks the system. Not thread-safe; call it once.
 *  ret_input, ret_output  the stream's two descriptors, close-on-exec, numbers above 2; on Windows
 *                         handles. Set on success only; the caller closes them.
 *  Returns 0, or MP_EBADF (stdin or stdout is closed), MP_EMFILE, or another negative status. */
MP_API MP_NODISCARD int mp_start_stdio(mp_handle *ret_input, mp_handle *ret_output, mp_error *reterr);

/** The child's pid, also after it ended (another process may have the number then).
 *  Returns MP_EINVAL if process is NULL. */
MP_API int mp_process_pid(const mp_process *process);

/** Wait until the child has ended. Any number of threads may wait at once; after the end every call
 *  returns the same answer at once.
 *  timeout_ms  milliseconds; 0 only looks, -1 waits for ever.
 *  ret_exit    may be NULL; set on success only.
 *  Returns 0, or MP_ETIMEDOUT (it still runs), MP_ECHILD (the handle was released), MP_EINVAL, or another
 *  negative status. Keeps errno. */
MP_API MP_NODISCARD int mp_process_wait(mp_process *process, int timeout_ms, mp_exit *ret_exit,
                                        mp_error *reterr);

/** Send a signal to the child, and never to another process that has its number by now; signal 0
 *  only checks. On Windows SIGTERM and SIGKILL (9) terminate it and other signals are MP_ENOTSUP.
 *  Returns 0, also if the child has ended and nobody has seen it yet (a private one's end the spawn server
 *  sees); MP_ESRCH, without a system call once it was seen, or released; MP_EPERM, MP_EINVAL.
 *  Where the system has no pidfds (Linux before 5.4) the guarantee holds as long as nobody else waits
 *  for the child. */
MP_API int mp_process_kill(mp_process *process, int signal);

/** Send a signal to the child's process group: to the child, to its children, and to theirs, except
 *  those that have left the group. For children started with MP_SPAWN_OWN_GROUP or MP_SPAWN_OWN_SESSION.
 *  Works after the child itself has ended, too, as long as the system can tell its group from a later
 *  one of the same number: until the end was seen, and from Linux 6.9 on for ever.
 *  Returns 0, MP_ESRCH (nobody is left, or nobody that could safely be told), MP_EINVAL (no group of its
 *  own, no such signal), MP_EPERM, MP_ENOTSUP (Windows, signals other than SIGTERM and SIGKILL). */
MP_API int mp_process_kill_group(mp_process *process, int signal);

/** End the child: SIGTERM, then SIGKILL if it still runs after the grace period. Waits for its end. If it
 *  has ended already, tells how.
 *  grace_ms  milliseconds; -1 waits for ever, 0 kills at once.
 *  ret_exit  may be NULL; set on success only.
 *  Returns 0, or what mp_process_kill and mp_process_wait return. */
MP_API MP_NODISCARD int mp_process_terminate(mp_process *process, int grace_ms, mp_exit *ret_exit,
                                             mp_error *reterr);

/** Have a function called when the child has ended; soon if it has already. A child has one such
 *  function. The library holds a reference until it has been called; after mp_process_release it isn't
 *  called.
 *  Returns 0, or MP_EALREADY (it has one), MP_ECHILD (released), MP_EINVAL, or another negative status (no
 *  thread can be started): then it is never called. */
MP_API MP_NODISCARD int mp_process_on_exit(mp_process *process, mp_process_exit_fn *callback, void *user,
                                           mp_error *reterr);

/** A descriptor (Windows: a handle) that becomes readable (signaled) when the child has ended, and
 *  stays so; from then on mp_process_wait with timeout 0 answers. For poll, epoll and event loops only:
 *  do not read or close it. Valid as long as the caller holds a reference.
 *  Returns MP_HANDLE_INVALID if process is NULL. */
MP_API mp_handle mp_process_exit_fd(const mp_process *process);

/** Take the reading end of a stream that is MP_STDIO_CAPTURED without a capture: what select takes, a pipe or
 *  on Windows a socket, non-blocking and close-on-exec. What nobody takes is closed with the last reference;
 *  until somebody reads, a child that writes much waits. On Windows it doesn't end before the child has ended, and
 *  what the child's own children wrote last may be lost if they end after it.
 *  stream      1: stdout, 2: stderr.
 *  ret_socket  set on success only; the caller closes it (mp_socket_close).
 *  Returns 0, MP_EINVAL, or MP_ENOENT (it isn't captured so, or was taken). */
MP_API MP_NODISCARD int mp_process_take_output(mp_process *process, int stream, mp_socket *ret_socket);

/** Hand the child over to the caller, who alone waits for it from now on; the handle forgets it:
 *  mp_process_wait returns MP_ECHILD (one that already waits: when the child ends) and mp_process_kill
 *  MP_ESRCH. The caller still drops its reference.
 *  ret_id  the pid to wait for; on Windows a process handle to close. Set on success only.
 *  Returns 0, MP_EINVAL, MP_ECHILD (its end was seen already, or it was released before), or MP_ENOTSUP (a
 *  private child). */
MP_API MP_NODISCARD int mp_process_release(mp_process *process, mp_process_id *ret_id);

/** Take one more reference. Returns process; NULL is allowed. */
MP_API mp_process *mp_process_ref(mp_process *process);

/** Drop a reference; NULL is allowed. Dropping the last one of a child that still runs detaches it:
 *  it runs on (MP_SPAWN_KILL_ON_UNREF: it is killed), and a thread of the library reaps it when it ends.
 *  Keeps errno. Returns NULL. */
MP_API mp_process *mp_process_unref(mp_process *process);

MP_END_DECLS

#endif
