/* The names of Unix sockets. */
#ifndef MP_PROCESS_UNIX_POSIX_H
#define MP_PROCESS_UNIX_POSIX_H

#include <sys/socket.h>
#include <sys/un.h>

#include <mp/process/address.h>

struct mp_priv_unix_name {
    struct sockaddr_un name;
    socklen_t size;
};

/** Open the directory of a path. ret_base points into path. Returns the descriptor, which the caller closes, or
 *  MP_EINVAL (the path names no file), or another negative status. */
int mp_priv_unix_open_dir(const char *path, const char **ret_base);

/** The name of the file that is called base in dir, and reached by path. Only while dir is open, if it is longer than
 *  the structure has room for. Returns 0 or MP_ENAMETOOLONG. */
int mp_priv_unix_path(const char *path, int dir, const char *base, struct mp_priv_unix_name *ret_name);

/** The name without a file. Returns 0, or MP_ENAMETOOLONG, or MP_ENOTSUP. */
int mp_priv_unix_abstract(const char *text, struct mp_priv_unix_name *ret_name);

/** Until deadline (mp_priv_now_ms, INT64_MAX: none), if that is in the future. Returns a socket, which the caller
 *  closes, or a negative status. */
int mp_priv_unix_connect(const struct mp_priv_unix_name *name, int64_t deadline);

#endif
