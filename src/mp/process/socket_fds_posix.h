/* Passing descriptors without waiting: for one thread that serves many, and for who must not wait. */
#ifndef MP_PROCESS_SOCKET_FDS_POSIX_H
#define MP_PROCESS_SOCKET_FDS_POSIX_H

#include <stddef.h>

#include <mp/c/socket.h>

/** As mp_socket_send_fds and mp_socket_receive_fds, but what can't be done at once is MP_EAGAIN, also on a blocking
 *  socket (a mode that whoever else has the socket may change), and less than all may be sent. */
int mp_priv_socket_send_now(mp_socket socket, const void *data, size_t size, const int *fds, size_t n_fds);
int mp_priv_socket_receive_now(mp_socket socket, void *data, size_t size, int *ret_fds, size_t max_fds,
                               size_t *ret_n_fds);

#endif
