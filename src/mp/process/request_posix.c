#define _GNU_SOURCE
#include <mp/process/request_posix.h>

#include <errno.h>
#include <poll.h>

#include <mp/process/fd_posix.h>
#include <mp/process/fork_posix.h>
#include <mp/process/socket_fds_posix.h>
#include <mp/process/sys.h>

/* The server gets its end of the request's socket; ours is returned. Nobody else is to have that end: it would not see
 * the server go. So nobody waits meanwhile. */
static int try_open(int server, int *ret_socket)
{
    int ends[2];
    mp_priv_fork_hold_off();
    const int made = mp_priv_socket_pair_for_server(ends); /* it may become a connection */
    if (made < 0) {
        mp_priv_fork_allow();
        return made;
    }
    const int n = mp_priv_socket_send_now(server, "", 1, &ends[1], 1);
    mp_priv_fd_close(ends[1]);
    mp_priv_fork_allow();
    if (n != 1) {
        mp_priv_fd_close(ends[0]);
        return n == MP_ECONNRESET ? MP_EPIPE : n;
    }
    *ret_socket = ends[0];
    return 0;
}

static int open_request(int server, int *ret_socket)
{
    for (;;) {
        struct pollfd room = {.fd = server, .events = POLLOUT};
        const int r = try_open(server, ret_socket);
        if (r != MP_EAGAIN) return r;
        if (mp_priv_sys.poll(&room, 1, -1) < 0 && errno != EINTR) return -errno;
    }
}

/* All of it, with the descriptors at its beginning. */
static int send_all(int socket, const void *data, size_t size, const int *fds, size_t n_fds)
{
    for (size_t done = 0; done < size;) {
        const int n = mp_socket_send_fds(socket, (const char *)data + done, size - done, fds, n_fds, NULL);
        if (n == MP_EINTR) continue;
        if (n < 0) return n == MP_EPIPE ? MP_ECONNRESET : n;
        done += (size_t)n;
        n_fds = 0;
    }
    return 0;
}

/* Waits for so many bytes. Returns 0, or a negative status. */
static int receive_all(int socket, void *data, size_t size, int *ret_fd)
{
    for (size_t done = 0; done < size;) {
        size_t n_fds = 0;
        const int n = mp_socket_receive_fds(socket, (char *)data + done, size - done, ret_fd, ret_fd != NULL, &n_fds, NULL);
        if (n == MP_EINTR) continue;
        if (n <= 0) return n == 0 ? MP_ECONNRESET : n;
        done += (size_t)n;
    }
    return 0;
}

/* Without a descriptor for it the child is reached through the server; what else needs one must say so itself. */
static int receive_extra(int socket, uint32_t is_there)
{
    char byte;
    int fd = -1;
    return is_there != 0 && receive_all(socket, &byte, 1, &fd) == 0 ? fd : -1;
}

static int await_reply(int socket, int timeout_ms)
{
    struct pollfd reply = {.fd = socket, .events = POLLIN};
    int n = 1;
    while (timeout_ms >= 0 && (n = mp_priv_sys.poll(&reply, 1, timeout_ms)) < 0 && errno == EINTR) {}
    return n > 0 ? 0 : n == 0 ? MP_ETIMEDOUT : -errno;
}

int mp_priv_request(int server, const struct mp_priv_request_head *head, const void *body, const int *fds,
                    int timeout_ms, struct mp_priv_answer *ret_answer)
{
    int socket = -1;
    int r = open_request(server, &socket);
    if (r < 0) return r;
    r = send_all(socket, head, sizeof(*head), fds, head->n_fds);
    if (r == 0) r = send_all(socket, body, head->size, NULL, 0);
    /* A server that refuses the head doesn't read the body: what it says counts. */
    if (r == 0 || r == MP_ECONNRESET) r = await_reply(socket, timeout_ms);
    if (r == 0) r = receive_all(socket, &ret_answer->reply, sizeof(ret_answer->reply), NULL);
    if (r < 0) {
        mp_priv_fd_close(socket);
        return r;
    }
    ret_answer->extra = receive_extra(socket, ret_answer->reply.has_extra);
    ret_answer->pidfd = receive_extra(socket, ret_answer->reply.has_pidfd);
    ret_answer->socket = socket;
    return 0;
}
