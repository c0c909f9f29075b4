#define _GNU_SOURCE
#include <mp/process/address.h>

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <mp/process/fd_posix.h>
#include <mp/process/inherited_posix.h>
#include <mp/process/socket_file_posix.h>
#include <mp/process/sys.h>
#include <mp/process/tcp_posix.h>
#include <mp/process/unix_posix.h>

enum { NUMBER_SIZE = 64, TEXT_SIZE = 256 }; /* an address in digits, a whole text */

static int listen_file(const struct mp_priv_address *address, const mp_listen_options *options, int backlog,
                       mp_listener *listener, mp_error *reterr)
{
    int r = mp_priv_socket_file_open(address, &listener->file, reterr);
    if (r < 0) return r;
    listener->socket = mp_priv_sys.make_socket(AF_UNIX);
    r = listener->socket < 0 ? -errno
                             : mp_priv_socket_file_bind(listener->file, address->name, listener->socket, options->mode);
    if (r == 0 && mp_priv_sys.listen(listener->socket, backlog) < 0) r = -errno;
    return r < 0 ? mp_priv_address_fail(address, r, reterr) : 0;
}

static int listen_abstract(const struct mp_priv_address *address, int backlog, mp_listener *listener, mp_error *reterr)
{
    struct mp_priv_unix_name name;
    int r = mp_priv_unix_abstract(address->name, &name);
    if (r == 0) {
        listener->socket = mp_priv_sys.make_socket(AF_UNIX);
        if (listener->socket < 0 ||
            mp_priv_sys.bind(listener->socket, (const struct sockaddr *)&name.name, name.size) < 0 ||
            mp_priv_sys.listen(listener->socket, backlog) < 0) {
            r = -errno;
        }
    }
    return r < 0 ? mp_priv_address_fail(address, r, reterr) : 0;
}

/* Where the socket listens; the text stays as it is for families without one. */
static int describe(int fd, char text[TEXT_SIZE])
{
    struct sockaddr_storage name;
    socklen_t size;
    if (mp_priv_sys.get_name(fd, &name, &size) < 0) return -errno;
    if (name.ss_family == AF_UNIX) {
        const char *path = ((const struct sockaddr_un *)&name)->sun_path;
        const int length = (int)(size - offsetof(struct sockaddr_un, sun_path));
        const int skipped = length > 0 && path[0] == '\0';
        snprintf(text, TEXT_SIZE, "%s:%.*s", skipped ? "unix-abstract" : "unix", length - skipped, path + skipped);
    } else if (name.ss_family == AF_INET || name.ss_family == AF_INET6) {
        char host[NUMBER_SIZE], port[NUMBER_SIZE];
        if (getnameinfo((struct sockaddr *)&name, size, host, sizeof(host), port, sizeof(port),
                        NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
            return MP_ENOMEM;
        }
        snprintf(text, TEXT_SIZE, name.ss_family == AF_INET ? "tcp:%s:%s" : "tcp:[%s]:%s", host, port);
    }
    return 0;
}

/* The sockets whose address was not told in full. */
static int listen_described(const struct mp_priv_address *address, int backlog, mp_listener *listener, mp_error *reterr)
{
    char text[TEXT_SIZE] = "";
    listener->socket = address->kind == MP_PRIV_ADDRESS_TCP ? mp_priv_tcp_listen(address, backlog, reterr)
                                                            : mp_priv_inherited_socket(address, reterr);
    if (listener->socket < 0) return listener->socket;
    int r = describe(listener->socket, text);
    if (r == 0 && text[0] != '\0') {
        listener->address = mp_priv_copy_text(text);
        if (listener->address == NULL) r = MP_ENOMEM;
    }
    return r < 0 ? mp_priv_address_fail(address, r, reterr) : 0;
}

static int listen_on(const struct mp_priv_address *address, const mp_listen_options *options, mp_listener *listener,
                     mp_error *reterr)
{
    const int backlog = options->backlog == 0 ? SOMAXCONN : options->backlog;
    switch (address->kind) {
    case MP_PRIV_ADDRESS_UNIX:
        return listen_file(address, options, backlog, listener, reterr);
    case MP_PRIV_ADDRESS_ABSTRACT:
        return listen_abstract(address, backlog, listener, reterr);
    default:
        return listen_described(address, backlog, listener, reterr);
    }
}

/* A cancelled thread would leave descriptors and files behind. */
int mp_priv_listen(const struct mp_priv_address *address, const mp_listen_options *options, mp_listener *listener,
                   mp_error *reterr)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    const int r = listen_on(address, options, listener, reterr);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return r;
}

static int connect_file(const char *path, int64_t deadline)
{
    struct mp_priv_unix_name name;
    const char *base;
    const int dir = mp_priv_unix_open_dir(path, &base);
    if (dir < 0) return dir;
    int r = mp_priv_unix_path(path, dir, base, &name);
    if (r == 0) r = mp_priv_unix_connect(&name, deadline);
    mp_priv_fd_close(dir);
    return r;
}

static int connect_to(const struct mp_priv_address *address, int64_t deadline, mp_error *reterr)
{
    if (address->kind == MP_PRIV_ADDRESS_TCP) return mp_priv_tcp_connect(address, deadline, reterr);
    struct mp_priv_unix_name name;
    int r;
    if (address->kind == MP_PRIV_ADDRESS_UNIX) {
        r = connect_file(address->name, deadline);
    } else {
        r = mp_priv_unix_abstract(address->name, &name);
        if (r == 0) r = mp_priv_unix_connect(&name, deadline);
    }
    return r < 0 ? mp_priv_address_fail(address, r, reterr) : r;
}

int mp_priv_connect(const struct mp_priv_address *address, int timeout_ms, mp_socket *ret_socket, mp_error *reterr)
{
    /* The clock is rounded down. */
    const int64_t deadline = timeout_ms < 0 ? INT64_MAX : mp_priv_now_ms() + timeout_ms + (timeout_ms > 0);
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    const int r = connect_to(address, deadline, reterr);
    pthread_setcancelstate(cancel_state, &cancel_state);
    if (r < 0) return r;
    *ret_socket = r;
    return 0;
}
