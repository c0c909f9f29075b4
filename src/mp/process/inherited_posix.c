#define _GNU_SOURCE
#include <mp/process/inherited_posix.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mp/process/sys.h>

/* As sd_listen_fds(3) has it. */
enum { FIRST = 3, DIGITS_MAX = 9 };

/* Decimal digits and nothing else; -1 if it is something else. */
static int number(const char *text)
{
    const size_t length = text == NULL ? 0 : strspn(text, "0123456789");
    return length > 0 && length <= DIGITS_MAX && text[length] == '\0' ? atoi(text) : -1;
}

/* The place of name in a list with colons between, or -1. */
static int place(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (int at = 0; list != NULL; at++) {
        const char *end = strchr(list, ':');
        if ((end == NULL ? strlen(list) : (size_t)(end - list)) == length && memcmp(list, name, length) == 0) return at;
        list = end == NULL ? NULL : end + 1;
    }
    return -1;
}

/* Returns NULL or what is wrong. */
static const char *find(const char *name, int *ret_fd)
{
    if (number(getenv("LISTEN_PID")) != (int)getpid()) return "nothing was handed over to this process (LISTEN_PID)";
    const int count = number(getenv("LISTEN_FDS"));
    const int wanted = number(name);
    const int at = wanted >= 0 ? wanted - FIRST : place(getenv("LISTEN_FDNAMES"), name);
    if (at < 0 || at >= count) return "not among what was handed over (LISTEN_FDS, LISTEN_FDNAMES)";
    *ret_fd = FIRST + at;
    return NULL;
}

static int check(int fd)
{
    int type, listens;
    if (mp_priv_sys.get_option(fd, SOL_SOCKET, SO_TYPE, &type) < 0 ||
        mp_priv_sys.get_option(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        return -errno;
    }
    return type == SOCK_STREAM && listens ? 0 : MP_EPROTOTYPE;
}

int mp_priv_inherited_socket(const struct mp_priv_address *address, mp_error *reterr)
{
    int fd;
    const char *wrong = find(address->name, &fd);
    if (wrong != NULL) return mp_priv_address_refuse(address, MP_ENOENT, wrong, reterr);
    int copy = -1;
    int r = check(fd);
    if (r == MP_EPROTOTYPE) return mp_priv_address_refuse(address, r, "no listening stream socket", reterr);
    if (r == 0) r = mp_handle_duplicate(fd, &copy, NULL);
    return r < 0 ? mp_priv_address_fail(address, r, reterr) : copy;
}
