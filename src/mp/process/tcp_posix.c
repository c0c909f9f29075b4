#define _GNU_SOURCE
#include <mp/process/tcp_posix.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>

#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

static int set_flag(int fd, int level, int name, int on)
{
    return mp_priv_sys.set_option(fd, level, name, &on, sizeof(on));
}

static int report(const struct mp_priv_address *address, int r, mp_error *reterr)
{
    return r == MP_ENOENT ? mp_priv_address_refuse(address, r, "no such host", reterr)
                          : mp_priv_address_fail(address, r, reterr);
}

static int listen_at(const struct addrinfo *at, bool is_both, int backlog)
{
    const int fd = mp_priv_sys.make_socket(at->ai_family);
    if (fd < 0) return -errno;
    /* Connections have the listener's TCP_NODELAY. */
    if (set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0 && set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1) == 0 &&
        (at->ai_family != AF_INET6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, !is_both) == 0) &&
        mp_priv_sys.bind(fd, at->ai_addr, at->ai_addrlen) == 0 && mp_priv_sys.listen(fd, backlog) == 0) {
        return fd;
    }
    const int r = -errno;
    mp_priv_fd_close(fd);
    return r;
}

/* This machine doesn't have it; if it is in use, another address would be another server's. */
static bool is_missing(int r)
{
    return r == MP_EADDRNOTAVAIL || r == MP_EAFNOSUPPORT;
}

static int listen_at_host(const char *host, const char *port, bool is_both, int backlog)
{
    struct addrinfo *list;
    if (mp_priv_sys.resolve(host, port, &list) < 0) return -errno;
    int r = MP_EADDRNOTAVAIL;
    for (const struct addrinfo *at = list; at != NULL && is_missing(r); at = at->ai_next) {
        r = listen_at(at, is_both, backlog);
    }
    freeaddrinfo(list);
    return r;
}

int mp_priv_tcp_listen(const struct mp_priv_address *address, int backlog, mp_error *reterr)
{
    const bool is_any = strcmp(address->host, "*") == 0;
    int r = listen_at_host(is_any ? "::" : address->host, address->port, is_any, backlog);
    if (is_any && is_missing(r)) r = listen_at_host("0.0.0.0", address->port, false, backlog);
    return r < 0 ? report(address, r, reterr) : r;
}

/* Until the system has an answer, or the deadline has passed. */
static int await_connected(int fd, int64_t deadline)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    int n;
    do {
        const int64_t left = deadline - mp_priv_now_ms();
        const int timeout = deadline == INT64_MAX ? -1 : left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
        n = mp_priv_sys.poll(&writable, 1, timeout);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return -errno;
    if (n == 0) return MP_ETIMEDOUT;
    int err;
    return mp_priv_sys.get_option(fd, SOL_SOCKET, SO_ERROR, &err) < 0 ? -errno : -err;
}

/* Where nobody listens the system may choose the very port that is connected to, and connect the socket to itself. */
static int check_is_not_self(int fd)
{
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_size, peer_size;
    if (mp_priv_sys.get_name(fd, &own, &own_size) < 0) return -errno;
    if (mp_priv_sys.get_peer(fd, &peer, &peer_size) < 0) return errno == ENOTCONN ? MP_ECONNRESET : -errno;
    return own_size == peer_size && memcmp(&own, &peer, own_size) == 0 ? MP_ECONNREFUSED : 0;
}

static int connect_socket(int fd, const struct addrinfo *at, int64_t deadline)
{
    int r = mp_socket_set_nonblocking(fd, 1, NULL);
    if (r < 0) return r;
    if (set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0) return -errno;
    do {
        r = mp_priv_sys.connect(fd, at->ai_addr, at->ai_addrlen) < 0 ? -errno : 0;
    } while (r == MP_EINTR);
    /* After an interruption the second call finds what the first one has begun. */
    if (r == MP_EINPROGRESS || r == MP_EALREADY) r = await_connected(fd, deadline);
    if (r < 0 && r != MP_EISCONN) return r;
    r = check_is_not_self(fd);
    return r < 0 ? r : mp_socket_set_nonblocking(fd, 0, NULL);
}

static int connect_to(const struct addrinfo *at, int64_t deadline)
{
    const int fd = mp_priv_sys.make_socket(at->ai_family);
    if (fd < 0) return -errno;
    const int r = connect_socket(fd, at, deadline);
    if (r == 0) return fd;
    mp_priv_fd_close(fd);
    return r;
}

/* An equal part of the time that is left for each address that is. */
static int64_t share(int64_t deadline, const struct addrinfo *at)
{
    if (deadline == INT64_MAX) return deadline;
    int n = 0;
    for (; at != NULL; at = at->ai_next) n++;
    const int64_t now = mp_priv_now_ms();
    return now + (deadline - now) / n;
}

int mp_priv_tcp_connect(const struct mp_priv_address *address, int64_t deadline, mp_error *reterr)
{
    struct addrinfo *list;
    if (mp_priv_sys.resolve(address->host, address->port, &list) < 0) return report(address, -errno, reterr);
    int r = MP_EADDRNOTAVAIL;
    for (const struct addrinfo *at = list; at != NULL && r < 0; at = at->ai_next) {
        r = connect_to(at, share(deadline, at));
    }
    freeaddrinfo(list);
    return r < 0 ? report(address, r, reterr) : r;
}
