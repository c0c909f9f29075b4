#define _GNU_SOURCE
#include <mp/process/unix_posix.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <mp/process/fd_posix.h>
#include <mp/process/memory.h>
#include <mp/process/sys.h>

int mp_priv_unix_open_dir(const char *path, const char **ret_base)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0) return MP_EINVAL;
    *ret_base = base;
    if (slash == NULL) {
        const int fd = mp_priv_sys.open_dir(".");
        return fd < 0 ? -errno : fd;
    }
    char *parent = mp_priv_copy_text(path);
    if (parent == NULL) return MP_ENOMEM;
    parent[slash == path ? 1 : slash - path] = '\0';
    const int fd = mp_priv_sys.open_dir(parent);
    const int r = fd < 0 ? -errno : fd;
    free(parent);
    return r;
}

int mp_priv_unix_path(const char *path, int dir, const char *base, struct mp_priv_unix_name *ret_name)
{
    const size_t room = sizeof(ret_name->name.sun_path);
    memset(ret_name, 0, sizeof(*ret_name));
    ret_name->name.sun_family = AF_UNIX;
    ret_name->size = sizeof(ret_name->name);
    int length = snprintf(ret_name->name.sun_path, room, "%s", path);
#ifdef __linux__
    if ((size_t)length >= room) length = snprintf(ret_name->name.sun_path, room, "/proc/self/fd/%d/%s", dir, base);
#else
    (void)dir;
    (void)base;
#endif
    return length < 0 || (size_t)length >= room ? MP_ENAMETOOLONG : 0;
}

int mp_priv_unix_abstract(const char *text, struct mp_priv_unix_name *ret_name)
{
#ifdef __linux__
    const size_t length = strlen(text);
    memset(ret_name, 0, sizeof(*ret_name));
    if (length >= sizeof(ret_name->name.sun_path)) return MP_ENAMETOOLONG;
    ret_name->name.sun_family = AF_UNIX;
    memcpy(ret_name->name.sun_path + 1, text, length);
    ret_name->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    return 0;
#else
    (void)text;
    (void)ret_name;
    return MP_ENOTSUP;
#endif
}

/* 0: for ever. Linux then waits in connect() for room in a full queue; elsewhere that is refused at once. */
static int set_time_limit(int fd, int64_t ms)
{
    const struct timeval limit = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    return mp_priv_sys.set_option(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ? -errno : 0;
}

static int connect_waiting(int fd, const struct mp_priv_unix_name *name, int64_t deadline)
{
    const bool is_limited = deadline != INT64_MAX;
    for (;;) {
        const int64_t left = is_limited ? deadline - mp_priv_now_ms() : 0;
        if (is_limited && left <= 0) return MP_ETIMEDOUT;
        const int r = set_time_limit(fd, left);
        if (r < 0) return r;
        if (mp_priv_sys.connect(fd, (const struct sockaddr *)&name->name, name->size) == 0)
            return set_time_limit(fd, 0);
        if (errno != EINTR && errno != EAGAIN) return -errno;
    }
}

static int connect_at_once(int fd, const struct mp_priv_unix_name *name)
{
    int r = mp_socket_set_nonblocking(fd, 1, NULL);
    if (r < 0) return r;
    do {
        r = mp_priv_sys.connect(fd, (const struct sockaddr *)&name->name, name->size) < 0 ? -errno : 0;
    } while (r == MP_EINTR);
    return r < 0 ? r : mp_socket_set_nonblocking(fd, 0, NULL);
}

int mp_priv_unix_connect(const struct mp_priv_unix_name *name, int64_t deadline)
{
    const int fd = mp_priv_sys.make_socket(AF_UNIX);
    if (fd < 0) return -errno;
    int r = connect_at_once(fd, name);
    if (r == MP_EAGAIN) {
        r = mp_socket_set_nonblocking(fd, 0, NULL);
        if (r == 0) r = connect_waiting(fd, name, deadline);
    }
    if (r == 0) return fd;
    mp_priv_fd_close(fd);
    return r;
}
