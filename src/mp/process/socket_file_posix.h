/* The file of a listening Unix socket, and the lock beside it. */
#ifndef MP_PROCESS_SOCKET_FILE_POSIX_H
#define MP_PROCESS_SOCKET_FILE_POSIX_H

#include <sys/types.h>

#include <mp/process/address.h>

/** Lock the path of an address, and see to it that nothing is there.
 *  ret_file  set on success only; mp_priv_socket_file_close, before the socket is closed. */
int mp_priv_socket_file_open(const struct mp_priv_address *address, struct mp_priv_socket_file **ret_file,
                             mp_error *reterr);

/** Give the socket the path, and the file its mode. Nobody can connect as long as it doesn't listen. Returns 0 or a
 *  negative status. */
int mp_priv_socket_file_bind(struct mp_priv_socket_file *file, const char *path, int fd, mode_t mode);

#endif
