#define _GNU_SOURCE
#include <mp/process/request_posix.h>

#include <errno.h>

#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

/* The server gets its end of the request's socket; ours is returned. */
static int open_request(int server, int *ret_socket)
{
    int ends[2];
    if (mp_priv_sys.make_socketpair(ends) < 0) return -errno;
    const int n = mp_socket_send_fds(server, "", 1, &ends[1], 1, NULL);
    mp_priv_fd_close(ends[1]);
    if (n != 1) {
        mp_priv_fd_close(ends[0]);
        return n == MP_ECONNRESET ? MP_EPIPE : n;
    }
    *ret_socket = ends[0];
    return 0;
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

static int receive_reply(int socket, struct mp_priv_reply *ret_reply, int *ret_pidfd)
{
    char byte;
    *ret_pidfd = -1;
    const int r = receive_all(socket, ret_reply, sizeof(*ret_reply), NULL);
    /* The child runs: without a descriptor for its pidfd it is reached through the server. */
    if (r == 0 && ret_reply->has_pidfd != 0 && receive_all(socket, &byte, 1, ret_pidfd) < 0) *ret_pidfd = -1;
    return r;
}

int mp_priv_request(int server, const struct mp_priv_request_head *head, const void *body, const int *fds,
                    struct mp_priv_reply *ret_reply, int *ret_pidfd, int *ret_socket)
{
    int socket = -1;
    int r = open_request(server, &socket);
    if (r < 0) return r;
    r = send_all(socket, head, sizeof(*head), fds, head->n_fds);
    if (r == 0) r = send_all(socket, body, head->size, NULL, 0);
    /* A server that refuses the head doesn't read the body: what it says counts. */
    if (r == 0 || r == MP_ECONNRESET) r = receive_reply(socket, ret_reply, ret_pidfd);
    if (r < 0) {
        mp_priv_fd_close(socket);
        return r;
    }
    *ret_socket = socket;
    return 0;
}
