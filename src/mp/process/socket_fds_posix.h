/* Passing descriptors without waiting: for one thread that serves many, and for who must not wait. */
#ifndef MP_PROCESS_SOCKET_FDS_POSIX_H
#define MP_PROCESS_SOCKET_FDS_POSIX_H

#include <stddef.h>

#include <mp/c/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/** As mp_socket_send_fds and mp_socket_receive_fds, but what can't be done at once is MP_EAGAIN, also on a blocking
 *  socket (a mode that whoever else has the socket may change), and less than all may be sent. */
int mp_priv_socket_send_now(mp_socket socket, const void *data, size_t size, const int *fds, size_t n_fds);
/** A pair, the second of which is for a server: it brings the credentials of who sends, where the system does that.
 *  Returns 0 or a negative status. */
int mp_priv_socket_pair_for_server(int ret_ends[2]);

/** Who sent a byte to such an end, by the system's word: not who made the socket. */
struct mp_priv_sender {
    int pid; /* 0: nobody tells */
    long uid; /* the real ones */
    long gid;
};

/** As mp_priv_socket_receive_now, for one byte with one descriptor. */
int mp_priv_socket_receive_from(mp_socket socket, int *ret_fd, size_t *ret_n_fds, struct mp_priv_sender *ret_sender);

int mp_priv_socket_receive_now(mp_socket socket, void *data, size_t size, int *ret_fds, size_t max_fds,
                               size_t *ret_n_fds);

#ifdef __cplusplus
}
#endif

#endif
