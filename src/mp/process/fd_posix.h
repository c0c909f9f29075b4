/* Descriptors inside the library. */
#ifndef MP_PROCESS_FD_POSIX_H
#define MP_PROCESS_FD_POSIX_H

/** Close; -1 is allowed. Keeps errno, is no cancellation point. Returns -1: `fd = mp_priv_fd_close(fd)`. */
int mp_priv_fd_close(int fd);

#endif
