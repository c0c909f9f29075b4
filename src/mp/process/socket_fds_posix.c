#define _GNU_SOURCE
#include <mp/process/socket_fds_posix.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

/* Room for more than the most that one message carries: a full buffer never means a cut one, so what is
 * cut was cut for want of descriptors. The rest is for credentials, if the caller enabled them. */
#define CONTROL_SIZE (CMSG_SPACE(MP_SOCKET_FDS_MAX * sizeof(int)) + 256)

union control {
    struct cmsghdr align;
    char bytes[CONTROL_SIZE];
};

static ssize_t send_first(int fd, const void *data, size_t size, const int *fds, size_t n_fds, int flags)
{
    union control control;
    struct iovec part = {.iov_base = (void *)data, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (n_fds > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
    }
    ssize_t n;
    while ((n = mp_priv_sys.sendmsg(fd, &message, flags)) < 0 && errno == EINTR) {}
    return n;
}

/* The count is an int: what is longer is left to the next call. */
static const size_t count_max = 0x7FFFFFFF;

int mp_socket_send_fds(mp_socket socket, const void *data, size_t size, const mp_handle *fds, size_t n_fds,
                       mp_error *reterr)
{
    if (data == NULL || size == 0 || (fds == NULL && n_fds > 0)) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "send descriptors: no data or no descriptors");
    }
    if (n_fds > MP_SOCKET_FDS_MAX) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "send descriptors: %zu at once, at most %d", n_fds,
                              MP_SOCKET_FDS_MAX);
    }
    if (size > count_max) size = count_max;
    const int saved = errno;
    ssize_t n = send_first(socket, data, size, fds, n_fds, 0);
    if (n < 0) {
        const int status = -errno;
        errno = saved;
        return mp_priv_fail(reterr, status, MP_STAGE_SOCKET, "send descriptors on socket %d", socket);
    }
    size_t sent = (size_t)n;
    while (sent < size) {
        n = mp_priv_sys.send(socket, (const char *)data + sent, size - sent);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        sent += (size_t)n;
    }
    errno = saved;
    return (int)sent;
}

int mp_priv_socket_send_now(mp_socket socket, const void *data, size_t size, const int *fds, size_t n_fds)
{
    const int saved = errno;
    const ssize_t n = send_first(socket, data, size, fds, n_fds, MSG_DONTWAIT);
    const int r = n < 0 ? -errno : (int)n;
    errno = saved;
    return r;
}

struct received {
    size_t n_fds;
    int fds[MP_SOCKET_FDS_MAX];
    bool cut;
    struct mp_priv_sender sender;
};

#ifdef SO_PASSCRED
static void collect_sender(struct cmsghdr *h, struct received *out)
{
    struct ucred credentials;
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_CREDENTIALS) return;
    memcpy(&credentials, CMSG_DATA(h), sizeof(credentials));
    out->sender = (struct mp_priv_sender){credentials.pid, (long)credentials.uid, (long)credentials.gid};
}
#else
static void collect_sender(struct cmsghdr *h, struct received *out)
{
    (void)h;
    (void)out;
}
#endif

static void collect_fds(struct msghdr *message, struct received *out)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(message); h != NULL; h = CMSG_NXTHDR(message, h)) {
        collect_sender(h, out);
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
            if (out->n_fds == MP_SOCKET_FDS_MAX) {
                mp_priv_fd_close(fd);
                out->cut = true;
                continue;
            }
#ifndef MSG_CMSG_CLOEXEC
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
            out->fds[out->n_fds++] = fd;
        }
    }
}

static void close_fds(const struct received *received)
{
    for (size_t i = 0; i < received->n_fds; i++) mp_priv_fd_close(received->fds[i]);
}

static int receive(int socket, void *data, size_t size, int *ret_fds, size_t max_fds, size_t *ret_n_fds, int flags,
                   struct mp_priv_sender *ret_sender, mp_error *reterr)
{
    const int saved = errno;
    union control control;
    struct iovec part = {.iov_base = data, .iov_len = size > count_max ? count_max : size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    ssize_t n;
    while ((n = mp_priv_sys.recvmsg(socket, &message, flags)) < 0 && errno == EINTR) {}
    if (n < 0) {
        const int status = -errno;
        errno = saved;
        return mp_priv_fail(reterr, status, MP_STAGE_SOCKET, "receive descriptors on socket %d", socket);
    }
    struct received received = {.n_fds = 0};
    received.cut = (message.msg_flags & MSG_CTRUNC) != 0;
    collect_fds(&message, &received);
    errno = saved;
    if (received.cut) {
        close_fds(&received);
        return mp_priv_refuse(reterr, MP_EMFILE, MP_STAGE_SOCKET, "receive descriptors: the system dropped some");
    }
    if (received.n_fds > max_fds) {
        close_fds(&received);
        return mp_priv_refuse(reterr, MP_EMSGSIZE, MP_STAGE_SOCKET, "receive descriptors: %zu came, room for %zu",
                              received.n_fds, max_fds);
    }
    if (received.n_fds > 0) memcpy(ret_fds, received.fds, received.n_fds * sizeof(int));
    *ret_n_fds = received.n_fds;
    if (ret_sender != NULL) *ret_sender = received.sender;
    return (int)n;
}

int mp_socket_receive_fds(mp_socket socket, void *data, size_t size, mp_handle *ret_fds, size_t max_fds,
                          size_t *ret_n_fds, mp_error *reterr)
{
    if (data == NULL || size == 0 || ret_n_fds == NULL || (ret_fds == NULL && max_fds > 0)) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "receive descriptors: an argument is NULL");
    }
    return receive(socket, data, size, ret_fds, max_fds, ret_n_fds, 0, NULL, reterr);
}

int mp_priv_socket_receive_now(mp_socket socket, void *data, size_t size, int *ret_fds, size_t max_fds,
                               size_t *ret_n_fds)
{
    return receive(socket, data, size, ret_fds, max_fds, ret_n_fds, MSG_DONTWAIT, NULL, NULL);
}

int mp_priv_socket_receive_from(mp_socket socket, int *ret_fd, size_t *ret_n_fds, struct mp_priv_sender *ret_sender)
{
    char byte;
    return receive(socket, &byte, 1, ret_fd, 1, ret_n_fds, MSG_DONTWAIT, ret_sender, NULL);
}

int mp_priv_socket_pair_for_server(int ret_ends[2])
{
    int ends[2];
    if (mp_priv_sys.make_socketpair(ends) < 0) return -errno;
#ifdef SO_PASSCRED
    const int on = 1;
    if (setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
        const int status = -errno;
        mp_priv_fd_close(ends[0]);
        mp_priv_fd_close(ends[1]);
        return status;
    }
#endif
    ret_ends[0] = ends[0];
    ret_ends[1] = ends[1];
    return 0;
}
