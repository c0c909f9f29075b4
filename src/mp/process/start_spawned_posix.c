#define _GNU_SOURCE
#include <mp/c/process.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <mp/process/error.h>

enum { INFO_MAX = 40 };

/* Digits only, and all of them: no sign, no blank, nothing behind. Returns -1 for anything else. */
static int parse_descriptor(const char *text)
{
    int value = 0;
    if (*text == '\0') return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return -1;
        const int digit = *text - '0';
        if (value > (INT_MAX - digit) / 10) return -1;
        value = value * 10 + digit;
    }
    return value;
}

static int check_socket(int fd, const char *connect_info, mp_error *reterr)
{
    struct stat status;
    const struct mp_priv_quoted info = mp_priv_quote(connect_info, INFO_MAX);
    const int flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fstat(fd, &status) < 0) {
        return mp_priv_fail(reterr, -errno, MP_STAGE_CONNECT, "connect info %s", info.text);
    }
    if (!S_ISSOCK(status.st_mode)) {
        return mp_priv_fail_code(reterr, MP_ENOTSOCK, 0, MP_STAGE_CONNECT, "connect info %s", info.text);
    }
    if (fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0) {
        return mp_priv_fail(reterr, -errno, MP_STAGE_CONNECT, "connect info %s", info.text);
    }
    return 0;
}

int mp_start_spawned(const char *connect_info, mp_socket *ret_socket, mp_error *reterr)
{
    if (connect_info == NULL || ret_socket == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "connect info: an argument is NULL");
    }
    const int fd = parse_descriptor(connect_info);
    if (fd < 0) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_CONNECT, "connect info %s is no descriptor number",
                              mp_priv_quote(connect_info, INFO_MAX).text);
    }
    const int saved = errno;
    const int r = check_socket(fd, connect_info, reterr);
    errno = saved;
    if (r < 0) return r;
    *ret_socket = fd;
    return 0;
}
