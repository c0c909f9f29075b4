/* <mp/c/address.h>: listen on an address, connect to one. */
#ifndef MP_C_ADDRESS_H
#define MP_C_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include <mp/c/error.h>
#include <mp/c/export.h>
#include <mp/c/socket.h>

/* An address is text:
 *
 *   unix:PATH           a Unix socket in the file system. A path that is too long for the system's structure (107
 *                       bytes on Linux) is taken on Linux only, as long as its last part fits.
 *   unix-abstract:NAME  Linux: a Unix socket with a name instead of a file. It has no permissions, every process of
 *                       the network namespace can connect to it, and whoever comes first has the name: both sides
 *                       should look who the other is (mp_socket_peer).
 *   tcp:HOST:PORT       HOST is a name, an IPv4 address, an IPv6 address in brackets, or, to listen on, * for all
 *                       addresses of the machine. PORT is a number; 0, to listen on, lets the system choose. Anybody
 *                       who reaches the port can connect.
 *   fd:NUMBER, fd:NAME  to listen on: a socket that the service manager handed over (LISTEN_FDS, LISTEN_PID,
 *                       LISTEN_FDNAMES), by its number, from 3 on, or by its name; of several with one name the first.
 *                       It stays open here and at the service manager when the listener is closed.
 *   tls:HOST:PORT       known, but not to these functions: MP_ENOTSUP.
 *
 * On Windows there is tcp only; the others are MP_ENOTSUP. */

/** A socket on which a process listens. Closed by one thread; until then AnyThread. A copy of the process that fork()
 *  has made may close it, which closes the copy's descriptors and touches no file. */
typedef struct mp_listener mp_listener;

typedef struct mp_listen_options {
    size_t size;     /* sizeof(mp_listen_options) as the caller's compiler saw it */
    int32_t backlog; /* connections that wait to be accepted; 0: as many as the system allows */
    uint32_t mode;   /* permissions of the file of unix:PATH, of which connecting needs the w; 0: 0600 */
} mp_listen_options;

#define MP_LISTEN_OPTIONS_INIT {sizeof(mp_listen_options), 0, 0}

MP_BEGIN_DECLS

/** Listen on an address.
 *  unix:PATH: nobody can connect before the file has its mode, whatever the umask, which is not touched. A socket file
 *  that nobody listens on any more is replaced, one that somebody listens on is not, nor is anything else that has the
 *  name. While a process starts to listen or listens it has a lock on the empty file PATH.lock beside it, so that of
 *  several that start at once one succeeds. Both files are removed with the listener; when the process was killed, the
 *  next one to listen finds and replaces them. The directory must be one in which only who is trusted can make files
 *  of these names.
 *  tcp:HOST:PORT: where HOST has several addresses, the first that this machine has. A port that was in use a moment
 *  ago is free (SO_REUSEADDR; exclusive on Windows), [::] is IPv6 alone, and * is both IPv6 and IPv4. Connections are
 *  made with TCP_NODELAY.
 *  fd: the listener has a duplicate, so that the same socket can be listened on again; backlog is not used. What was
 *  handed over is close-on-exec from then on. The environment is read, which no other thread may change meanwhile.
 *  options       NULL: the defaults.
 *  ret_listener  set on success only; the caller closes it.
 *  Returns 0, or MP_EINVAL (no address, options), MP_EADDRINUSE (somebody listens there already, or starts to),
 *  MP_EEXIST (PATH is no socket, or PATH.lock no empty file), MP_EACCES (also: somebody else's socket, which may be in
 *  use), MP_ENOENT (no such directory, no such host, nothing was handed over under this name), MP_ENAMETOOLONG,
 *  MP_EADDRNOTAVAIL (an address of another machine), MP_ENOTSOCK or MP_EPROTOTYPE (what was handed over is no
 *  listening stream socket), MP_ENOTSUP, MP_EAGAIN (the host can't be looked up now), MP_EMFILE, or another
 *  negative status. */
MP_API MP_NODISCARD int mp_listener_new(const char *address, const mp_listen_options *options,
                                        mp_listener **ret_listener, mp_error *reterr);

/** The socket, to accept from: borrowed, blocking, close-on-exec. MP_SOCKET_INVALID if listener is NULL. */
MP_API mp_socket mp_listener_socket(const mp_listener *listener);

/** The address that others connect to: for tcp the one that was taken, in numbers ("tcp:127.0.0.1:40213"), for fd that
 *  of the socket, otherwise as it was given. Borrowed until the listener is closed; NULL if listener is NULL. */
MP_API const char *mp_listener_address(const mp_listener *listener);

/** Stop listening: first what mp_listener_new made is removed, unless somebody has put something else in its place,
 *  then the socket is closed. Connections that were accepted go on; those that were not are reset. NULL is allowed.
 *  Keeps errno. Returns NULL. */
MP_API mp_listener *mp_listener_close(mp_listener *listener);

/** Connect to an address. Names of hosts are looked up first, which the time limit doesn't cover; where there are
 *  several addresses they are tried one after the other, and share it.
 *  timeout_ms  milliseconds; 0 doesn't wait, -1 waits as long as the system does. To wait for is an answer over the
 *              network, or room in the queue of a Unix socket whose process is slow to accept.
 *  ret_socket  set on success only; blocking, close-on-exec, the caller closes it. With TCP_NODELAY for tcp.
 *  Returns 0, or MP_EINVAL (no address, or one only to listen on), MP_ENOENT (no such file, no such host),
 *  MP_ECONNREFUSED (nobody listens), MP_EACCES (no permission), MP_ETIMEDOUT, MP_EHOSTUNREACH, MP_ENETUNREACH,
 *  MP_ENAMETOOLONG, MP_ENOTSUP, MP_EAGAIN (the host can't be looked up now), MP_EMFILE, or another negative status. */
MP_API MP_NODISCARD int mp_socket_connect(const char *address, int timeout_ms, mp_socket *ret_socket, mp_error *reterr);

MP_END_DECLS

#endif
