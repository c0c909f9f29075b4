#define _GNU_SOURCE
#include <mp/process/sys.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int mp_priv_sys_make_socket(int family)
{
#ifdef SOCK_CLOEXEC
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
#else
    const int fd = socket(family, SOCK_STREAM, 0);
    if (fd >= 0) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
    const int on = 1;
    if (fd >= 0) (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
    return fd;
#endif
}

int mp_priv_sys_set_option(int fd, int level, int name, const void *value, socklen_t size)
{
    return setsockopt(fd, level, name, value, size);
}

int mp_priv_sys_get_option(int fd, int level, int name, int *ret_value)
{
    socklen_t size = sizeof(*ret_value);
    return getsockopt(fd, level, name, ret_value, &size);
}

int mp_priv_sys_get_name(int fd, struct sockaddr_storage *ret_name, socklen_t *ret_size)
{
    *ret_size = sizeof(*ret_name);
    return getsockname(fd, (struct sockaddr *)ret_name, ret_size);
}

int mp_priv_sys_get_peer(int fd, struct sockaddr_storage *ret_name, socklen_t *ret_size)
{
    *ret_size = sizeof(*ret_name);
    return getpeername(fd, (struct sockaddr *)ret_name, ret_size);
}

int mp_priv_sys_bind(int fd, const struct sockaddr *address, socklen_t size)
{
    return bind(fd, address, size);
}

int mp_priv_sys_listen(int fd, int backlog)
{
    return listen(fd, backlog);
}

int mp_priv_sys_connect(int fd, const struct sockaddr *address, socklen_t size)
{
    return connect(fd, address, size);
}

static int errno_of(int code)
{
    switch (code) {
    case EAI_SYSTEM:
        return errno;
    case EAI_MEMORY:
        return ENOMEM;
    case EAI_AGAIN:
        return EAGAIN;
    case EAI_FAMILY:
        return EAFNOSUPPORT;
    default:
        return ENOENT;
    }
}

int mp_priv_sys_resolve(const char *host, const char *port, struct addrinfo **ret_list)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP, .ai_flags = AI_NUMERICSERV};
    const int code = getaddrinfo(host, port, &hints, ret_list);
    if (code == 0) return 0;
    errno = errno_of(code);
    return -1;
}

int mp_priv_sys_open_lock(int dir, const char *name)
{
    return openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

int mp_priv_sys_lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB);
}

int mp_priv_sys_get_status(int fd, struct stat *ret_status)
{
    return fstat(fd, ret_status);
}

int mp_priv_sys_get_status_at(int dir, const char *name, struct stat *ret_status)
{
    return fstatat(dir, name, ret_status, AT_SYMLINK_NOFOLLOW);
}

int mp_priv_sys_set_mode(int fd, mode_t mode)
{
    return fchmod(fd, mode);
}

int mp_priv_sys_set_mode_at(int dir, const char *name, mode_t mode)
{
    return fchmodat(dir, name, mode, 0);
}

int mp_priv_sys_unlink_at(int dir, const char *name)
{
    return unlinkat(dir, name, 0);
}
