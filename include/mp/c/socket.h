/* <mp/c/socket.h>: connected stream sockets between processes. */
#ifndef MP_C_SOCKET_H
#define MP_C_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include <mp/c/error.h>
#include <mp/c/export.h>
#include <mp/c/handle.h>

#ifdef _WIN32
typedef uintptr_t mp_socket; /* SOCKET */
#define MP_SOCKET_INVALID (~(mp_socket)0)
#else
typedef int mp_socket;
#define MP_SOCKET_INVALID (-1)
#endif

/** The most descriptors that one message carries. */
#define MP_SOCKET_FDS_MAX 253

/** Who is at the other end of a socket; -1 where the platform does not tell. */
typedef struct mp_peer {
    int64_t pid;
    int64_t uid;
    int64_t gid;
} mp_peer;

MP_BEGIN_DECLS

/* Every function here is AnyThread, and none ever raises SIGPIPE. Sockets are plain numbers: they
 * have no lock, and closing one while another thread uses it is the caller's race. */

/** Make two connected stream sockets. Neither is inherited by children (close-on-exec from birth).
 *  They block until mp_socket_set_nonblocking. On Windows a loopback TCP pair whose two ends were
 *  checked to belong together.
 *  ret_first, ret_second  set on success only; the caller closes both.
 *  Returns 0, MP_EINVAL, MP_EMFILE, MP_ENFILE, MP_ENOMEM, or another negative status. */
MP_API MP_NODISCARD int mp_socket_pair(mp_socket *ret_first, mp_socket *ret_second, mp_error *reterr);

/** Close a socket; MP_SOCKET_INVALID is allowed and does nothing. The socket is gone whatever is
 *  returned. Keeps errno.
 *  Returns 0 or a negative status (MP_EBADF, MP_ENOTSOCK on Windows: it was not open). */
MP_API int mp_socket_close(mp_socket socket);

/** Turn non-blocking mode on (nonzero) or off (0).
 *  Returns 0, MP_EBADF, or another negative status. */
MP_API MP_NODISCARD int mp_socket_set_nonblocking(mp_socket socket, int nonblocking, mp_error *reterr);

/** Send bytes, and descriptors with the first of them, over a Unix domain socket.
 *  data, size  at least one byte: the descriptors travel with it.
 *  fds, n_fds  borrowed and left open; at most MP_SOCKET_FDS_MAX, 0 is allowed.
 *  Returns the number of bytes sent: all of them on a blocking socket, perhaps fewer on a
 *  non-blocking one (the descriptors have left then; send the rest with n_fds 0). If nothing was sent:
 *  MP_EINVAL, MP_EAGAIN (non-blocking and full), MP_EPIPE, MP_ECONNRESET, MP_EBADF (a descriptor
 *  is not open), MP_ENOTSUP (Windows), or another negative status. An error after the first byte
 *  ends the call with the count so far; the next call meets it again. */
MP_API MP_NODISCARD int mp_socket_send_fds(mp_socket socket, const void *data, size_t size,
                                           const mp_handle *fds, size_t n_fds, mp_error *reterr);

/** Receive bytes and the descriptors that came with them: one read, which never mixes the
 *  descriptors of two messages.
 *  data, size           room for the bytes, at least one.
 *  ret_fds, max_fds     room for descriptors; they are close-on-exec, the caller closes them.
 *  ret_n_fds            how many came; set on success only.
 *  Returns the number of bytes (0: end of stream), or MP_EAGAIN (non-blocking and empty),
 *  MP_EMSGSIZE (more descriptors than max_fds), MP_EMFILE (the system dropped some, mostly at this
 *  process's descriptor limit), MP_ECONNRESET, MP_ENOTSUP (Windows), or another negative status.
 *  After MP_EMSGSIZE and MP_EMFILE the bytes of the message are gone and every descriptor of it is closed. */
MP_API MP_NODISCARD int mp_socket_receive_fds(mp_socket socket, void *data, size_t size, mp_handle *ret_fds,
                                              size_t max_fds, size_t *ret_n_fds, mp_error *reterr);

/** Tell who is at the other end of a local socket: the process that connected, or that called
 *  listen; for a socket pair the process that made it.
 *  ret_peer  set on success only.
 *  Returns 0, MP_EINVAL, MP_ENOTCONN, MP_ENOTSUP (not a local socket), MP_ENOTSOCK, MP_EBADF, or
 *  another negative status. */
MP_API MP_NODISCARD int mp_socket_peer(mp_socket socket, mp_peer *ret_peer, mp_error *reterr);

MP_END_DECLS

#endif
