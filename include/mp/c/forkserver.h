/* <mp/c/forkserver.h>: processes made as copies of an early image of this one. */
#ifndef MP_C_FORKSERVER_H
#define MP_C_FORKSERVER_H

#include <stddef.h>
#include <stdint.h>

#include <mp/c/error.h>
#include <mp/c/export.h>
#include <mp/c/handle.h>
#include <mp/c/process.h>
#include <mp/c/socket.h>

/* A fork server is a process with one thread that was forked from the application early. It forks again on behalf of
 * any thread of any process that has a connection to it: a correct way to "fork" in a program with threads, and
 * workers that don't pay for exec and start-up. Linux; elsewhere on POSIX without mp_forkserver_eval; everything here
 * is MP_ENOTSUP on Windows.
 *
 * The errors of all functions that ask a server, besides their own:
 *  MP_EPIPE       the server had ended before it could get the request (stage SERVER)
 *  MP_ECONNRESET  it ended before it answered (stage SERVER)
 *  MP_ESHUTDOWN   it is being stopped (stage SERVER)
 *  MP_ESTALE      the asking process is another user or has other privileges than the server (stage SERVER)
 *  MP_EMFILE, MP_ENFILE  no socket for the request (stage SERVER)
 *  MP_ENOMEM      on either side (stage MEMORY or SERVER)
 * No lock is held while a server is asked. */

/** A connection to a fork server. AnyThread. After fork() the copy may use it too, and closes its own. */
typedef struct mp_forkserver mp_forkserver;

/** What an entry point is called with. Everything in it is borrowed for the call. */
typedef struct mp_forkserver_call {
    size_t size;           /* of this struct, as the library was compiled: later versions append fields */
    void *user;            /* of the entry */
    const void *payload;   /* payload_size bytes, behind which there is a NUL */
    size_t payload_size;
    const mp_handle *fds;  /* the descriptors that came along; close-on-exec, the call's to close or keep */
    size_t n_fds;
    mp_socket socket;      /* connected with who asked; MP_SOCKET_INVALID if nobody wants it. The call's to close */
    mp_forkserver *server; /* the child's own connection, the call's to close; NULL in mp_forkserver_eval */
} mp_forkserver_call;

/** An entry point. In mp_forkserver_fork what it returns is the child's exit code (its lowest 8 bits); in
 *  mp_forkserver_eval it is the result. Must return or end the process: no longjmp, no exception. */
typedef int mp_forkserver_fn(const mp_forkserver_call *call);

/** A function that children can be made to run. Known by its name: no pointer is ever sent. */
typedef struct mp_forkserver_entry {
    const char *name;
    mp_forkserver_fn *run;
    void *user;
} mp_forkserver_entry;

typedef struct mp_forkserver_options {
    size_t size; /* sizeof(mp_forkserver_options) as the caller's compiler saw it */
    const mp_forkserver_entry *entries;
    size_t n_entries;
    uint32_t max_children; /* that run at once; 0: as many as the system lets it */
    uint32_t max_clients;  /* connections at once, the children's own included; 0: as many as descriptors allow */
} mp_forkserver_options;

#define MP_FORKSERVER_OPTIONS_INIT {sizeof(mp_forkserver_options), NULL, 0, 0, 0}

/** The most bytes of a payload. */
#define MP_FORKSERVER_PAYLOAD_MAX ((size_t)15 << 20)
/** The most descriptors that go along with it. */
#define MP_FORKSERVER_FDS_MAX 240

/** What is to be run. */
typedef struct mp_fork_options {
    size_t size;       /* sizeof(mp_fork_options) as the caller's compiler saw it */
    const char *entry; /* name of an entry point */
    const void *payload; /* payload_size bytes; may be NULL if that is 0 */
    size_t payload_size;
    const mp_handle *fds; /* for the child; borrowed, left open here */
    size_t n_fds;
    uint64_t flags; /* MP_SPAWN_OWN_GROUP, _OWN_SESSION, _KILL_ON_UNREF (with a handle), and _DIE_WITH_PARENT: the
                     * child is killed when the process that asked ends, and with the server */
} mp_fork_options;

#define MP_FORK_OPTIONS_INIT {sizeof(mp_fork_options), NULL, NULL, 0, NULL, 0, 0}

/** What a child's exit descriptor tells, once. The layout is frozen. */
typedef struct mp_forkserver_exit {
    int32_t pid;
    int32_t reserved; /* 0 */
    mp_exit exit;
} mp_forkserver_exit;

#ifdef __cplusplus
static_assert(sizeof(mp_forkserver_exit) == 48, "the layout of mp_forkserver_exit is frozen");
#else
_Static_assert(sizeof(mp_forkserver_exit) == 48, "the layout of mp_forkserver_exit is frozen");
#endif

MP_BEGIN_DECLS

/** Fork a server from this process, which must have one thread only. What the standard output streams of C hold is
 *  written first. The server is nobody's child, keeps this moment's memory, working directory, environment and open
 *  descriptors, ignores the signals that aren't faults, and ends when nobody has a connection to it and nobody wants
 *  to know how a child of it ends.
 *  options     its entries are copied, with their names.
 *  ret_server  set on success only; the caller closes it.
 *  Returns 0, or MP_EINVAL, MP_EBUSY (there are other threads, also after a second in which one that is ending may
 *  end; the library has some if there have been children with callbacks, captures or the like), MP_EAGAIN or
 *  MP_ENOMEM (fork), MP_EMFILE, or another negative status. */
MP_API MP_NODISCARD int mp_forkserver_start(const mp_forkserver_options *options, mp_forkserver **ret_server,
                                            mp_error *reterr);

/** Have the server fork a child, which runs an entry point and exits when that returns: stdio is flushed, atexit
 *  functions don't run. It starts with the signal mask and dispositions of the moment when the server was started,
 *  and with the descriptors that the image has, those of the options, its socket and its own connection. It is no
 *  child of this process: no SIGCHLD, no wait function tells of it.
 *  ret_process  a handle like that of any child; it can't be released. The caller owns one reference.
 *  ret_socket   may be NULL: none is made. This process's end of a stream socket, whose other end is the child's;
 *               blocking, close-on-exec, the caller closes it.
 *  Both are set on success only.
 *  Returns 0, or MP_ENOENT (no such entry point), MP_EINVAL, MP_EAGAIN (max_children, or the system's limit of
 *  processes; stage FORK), MP_EUSERS (max_clients), MP_EMFILE (in the server or here), MP_E2BIG (payload or
 *  descriptors), MP_ECHILD (the copy that mp_forkserver_eval
 *  left was killed: there is nothing to fork from any more). */
MP_API MP_NODISCARD int mp_forkserver_fork(mp_forkserver *server, const mp_fork_options *options,
                                           mp_process **ret_process, mp_socket *ret_socket, mp_error *reterr);

/** The same without a handle.
 *  ret_pid     the child's. Signals to it may meet another process once it has ended.
 *  ret_socket  as above.
 *  ret_exit_fd may be NULL: then nobody is told. A descriptor that becomes readable when the child has ended and
 *              holds one mp_forkserver_exit then, or the end of the stream if the server ended before. It may be
 *              handed to other processes, and goes on working after mp_forkserver_close. The caller closes it.
 *  MP_SPAWN_KILL_ON_UNREF is refused. */
MP_API MP_NODISCARD int mp_forkserver_fork_pid(mp_forkserver *server, const mp_fork_options *options, int *ret_pid,
                                               mp_socket *ret_socket, mp_handle *ret_exit_fd, mp_error *reterr);

/** Have the server start a program: as mp_process_spawn with MP_SPAWN_PRIVATE, but by this server. */
MP_API MP_NODISCARD int mp_forkserver_spawn(mp_forkserver *server, const mp_spawn_options *options,
                                            mp_process **ret_process, mp_error *reterr);

/** Run an entry point in the server, to prepare it for later children: load, precompute, open. It gets no socket and
 *  no connection. What it did is in all children forked after this returned; those that others have forked meanwhile
 *  are copies of the time before, and don't wait for it. It runs in a copy of the server's image that takes the
 *  image's place when it has returned: should it crash or exit, nothing has happened. Calls are served one after the
 *  other.
 *  payload     payload_size bytes; may be NULL if that is 0.
 *  ret_result  may be NULL; what the entry point returned. Set on success only.
 *  Returns 0, or MP_ENOENT (no such entry point), MP_ECONNABORTED (it ended its process), MP_ENOTSUP (not on Linux). */
MP_API MP_NODISCARD int mp_forkserver_eval(mp_forkserver *server, const char *entry, const void *payload,
                                           size_t payload_size, int *ret_result, mp_error *reterr);

/** Send a signal to every child of the server that runs, except to the calling process if it is one.
 *  Returns how many there were, or MP_EINVAL (no such signal). */
MP_API MP_NODISCARD int mp_forkserver_kill_all(mp_forkserver *server, int signal, mp_error *reterr);

/** Stop the server: no children are made any more, all of them but the calling process get SIGTERM, and what still
 *  runs after the timeout SIGKILL. Returns when they have ended and the server has. Any process may do that.
 *  timeout_ms  milliseconds; -1 waits for ever, 0 kills at once. */
MP_API MP_NODISCARD int mp_forkserver_stop(mp_forkserver *server, int timeout_ms, mp_error *reterr);

/** Stop the server, and leave its children running: nobody is told of their end any more (handles say MP_EXIT_LOST
 *  unless the system tells), those with MP_SPAWN_DIE_WITH_PARENT are killed. */
MP_API MP_NODISCARD int mp_forkserver_stop_server_only(mp_forkserver *server, mp_error *reterr);

/** The server's pid; MP_EINVAL if server is NULL. */
MP_API int mp_forkserver_server_pid(const mp_forkserver *server);

/** Another connection to the same server, to be handed to another process (mp_spawn_options.fds,
 *  mp_socket_send_fds), which makes it usable with mp_forkserver_open.
 *  ret_connection  close-on-exec; set on success only, the caller closes it.
 *  Returns 0, or MP_EUSERS (max_clients). */
MP_API MP_NODISCARD int mp_forkserver_connect(mp_forkserver *server, mp_socket *ret_connection, mp_error *reterr);

/** Use a connection that came from mp_forkserver_connect, in any process.
 *  connection  taken on success, and close-on-exec from then on.
 *  ret_server  set on success only; the caller closes it.
 *  Returns 0, or MP_EBADF, MP_ENOTSOCK, MP_EPROTO (no connection to a fork server). */
MP_API MP_NODISCARD int mp_forkserver_open(mp_socket connection, mp_forkserver **ret_server, mp_error *reterr);

/** Close a connection; NULL is allowed. No other thread may be using it. Handles and exit descriptors that came from
 *  it go on working. Returns NULL. */
MP_API mp_forkserver *mp_forkserver_close(mp_forkserver *server);

MP_END_DECLS

#endif
