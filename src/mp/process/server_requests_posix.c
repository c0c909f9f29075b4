#define _GNU_SOURCE
#include <mp/process/server_requests_posix.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/launch_posix.h>
#include <mp/process/memory.h>
#include <mp/process/privileges_posix.h>
#include <mp/process/server_children_posix.h>
#include <mp/process/server_copies_posix.h>
#include <mp/process/server_fork_posix.h>
#include <mp/process/socket_fds_posix.h>
#include <mp/process/spawn_request_posix.h>
#include <mp/process/sys.h>

/* More wait in the connections. One that isn't whole is its client's fault: what a client sends it has. */
enum { REQUESTS_MAX = 256, HALF_SENT_MS = 10000 };

void mp_priv_incoming_free(struct mp_priv_incoming *request)
{
    for (size_t i = 0; i < request->n_fds; i++) mp_priv_fd_close(request->fds[i]);
    mp_priv_fd_close(request->fd);
    mp_priv_fd_close(request->answer_fd);
    mp_priv_pending_free(request->pending);
    free(request->body);
    free(request);
}

static bool send_reply(int fd, const struct mp_priv_reply *reply)
{
    return mp_priv_socket_send_now(fd, reply, sizeof(*reply), NULL, 0) == (int)sizeof(*reply);
}

/* The byte must come, since it was announced. */
static bool send_extra(int fd, int extra)
{
    return extra < 0 || mp_priv_socket_send_now(fd, "", 1, &extra, 1) == 1 ||
           mp_priv_socket_send_now(fd, "", 1, NULL, 0) == 1;
}

bool mp_priv_incoming_reply(const struct mp_priv_incoming *request, int value)
{
    struct mp_priv_reply reply;
    memset(&reply, 0, sizeof(reply));
    reply.value = value;
    return send_reply(request->fd, &reply);
}

bool mp_priv_incoming_reply_child(const struct mp_priv_incoming *request, const struct mp_priv_served_child *child,
                                  int pidfd, int extra)
{
    struct mp_priv_reply reply;
    memset(&reply, 0, sizeof(reply));
    reply.value = child->pid;
    reply.serial = child->serial;
    reply.has_pidfd = pidfd >= 0;
    reply.has_extra = extra >= 0;
    return send_reply(request->fd, &reply) && send_extra(request->fd, extra) && send_extra(request->fd, pidfd);
}

void mp_priv_incoming_fail(const struct mp_priv_incoming *request, const mp_error *error)
{
    struct mp_priv_reply reply;
    memset(&reply, 0, sizeof(reply));
    reply.error = *error;
    (void)send_reply(request->fd, &reply);
}

void mp_priv_incoming_refuse(const struct mp_priv_incoming *request, int status, const char *message)
{
    mp_error error;
    (void)mp_priv_refuse(&error, status, MP_STAGE_SERVER, "%s", message);
    mp_priv_incoming_fail(request, &error);
}

/* Who sends a request, which need not be who made its socket. Another user is refused before anything is read. */
static bool is_our_user(struct mp_priv_incoming *request, const struct mp_priv_sender *sender)
{
#ifdef SO_PASSCRED
    request->client = sender->pid;
    return sender->pid != 0 && sender->uid == (long)getuid() && sender->gid == (long)getgid();
#else
    mp_peer peer;
    (void)sender;
    if (mp_socket_peer(request->fd, &peer, NULL) < 0) return false;
    request->client = (int)peer.pid;
    return peer.uid == (int64_t)geteuid() && peer.gid == (int64_t)getegid();
#endif
}

static void start_child(struct mp_priv_server *server, struct mp_priv_incoming *request, struct mp_priv_spawn *spawn)
{
    struct mp_priv_child started;
    struct mp_priv_served_child *child = NULL;
    mp_error error;
    const bool tied = (spawn->options.flags & MP_SPAWN_DIE_WITH_PARENT) != 0;
    int r = mp_priv_served_new(server, request->client, tied, &child);
    if (r < 0) {
        mp_priv_incoming_refuse(request, r, "server: preparing a child");
        return;
    }
    if (mp_priv_child_start(spawn, server->has_pidfds, &started, &error) < 0) {
        mp_priv_incoming_fail(request, &error);
        mp_priv_served_free(child);
        return;
    }
    child->pid = started.pid;
    const bool told = mp_priv_incoming_reply_child(request, child, started.pidfd, -1);
    mp_priv_served_add(server, child, request);
    mp_priv_fd_close(started.pidfd);
    /* Nobody knows of it, and nobody ever will. */
    if (!told) (void)mp_priv_sys.kill(started.pid, SIGKILL);
}

static void serve_spawn(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    struct mp_priv_spawn_unpacked unpacked;
    const int r = mp_priv_spawn_unpack(&unpacked, request->body, request->head.size, request->fds, request->n_fds);
    if (r < 0) {
        mp_priv_incoming_refuse(request, r, "server: a malformed request to spawn");
        return;
    }
    start_child(server, request, &unpacked.spawn);
    mp_priv_spawn_unpacked_close(&unpacked);
}

static void serve_kill(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    struct mp_priv_kill order;
    if (request->head.size != sizeof(order)) {
        mp_priv_incoming_refuse(request, MP_EPROTO, "server: a malformed request to kill");
        return;
    }
    memcpy(&order, request->body, sizeof(order));
    const int pid = mp_priv_served_pid(server, order.serial);
    if (pid == 0) {
        mp_priv_incoming_refuse(request, MP_ESRCH, "server: no such child");
    } else if (mp_priv_sys.kill(order.group ? -pid : pid, order.signal) < 0) {
        mp_priv_incoming_refuse(request, -errno, "server: kill");
    } else {
        (void)mp_priv_incoming_reply(request, 0);
    }
}

/* Returns whether it is answered. */
static bool serve(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    switch (request->head.kind) {
    case MP_PRIV_REQUEST_SPAWN:
        if (server->forks != NULL && !mp_priv_forks_may_start(server, request)) return true;
        serve_spawn(server, request);
        return true;
    case MP_PRIV_REQUEST_KILL:
        serve_kill(server, request);
        return true;
    default:
        if (server->forks != NULL) return mp_priv_forks_serve(server, request);
        mp_priv_incoming_refuse(request, MP_ENOSYS, "server: an unknown request");
        return true;
    }
}

static bool check_head(struct mp_priv_incoming *request)
{
    const struct mp_priv_request_head *head = &request->head;
    if (head->magic != MP_PRIV_REQUEST_MAGIC) {
        mp_priv_incoming_refuse(request, MP_EPROTO, "server: a client of another version, or no client at all");
        return false;
    }
    if (head->size > MP_PRIV_REQUEST_SIZE_MAX || head->n_fds > MP_PRIV_REQUEST_FDS_MAX) {
        mp_priv_incoming_refuse(request, MP_E2BIG, "server: the request is too large");
        return false;
    }
    request->body = mp_priv_alloc(head->size + 1);
    if (request->body == NULL) mp_priv_incoming_refuse(request, MP_ENOMEM, "server: Cannot allocate memory");
    return request->body != NULL;
}

enum progress { MORE_TO_COME, IS_WHOLE, IS_OVER };

static enum progress read_some(struct mp_priv_incoming *request)
{
    const size_t head_size = sizeof(request->head);
    const bool in_head = request->n_read < head_size;
    char *to = in_head ? (char *)&request->head + request->n_read : request->body + (request->n_read - head_size);
    const size_t left = in_head ? head_size - request->n_read : head_size + request->head.size - request->n_read;
    if (left > 0) {
        size_t n_fds = 0;
        const int n = mp_priv_socket_receive_now(request->fd, to, left, request->fds + request->n_fds,
                                                 MP_PRIV_REQUEST_FDS_MAX - request->n_fds, &n_fds);
        if (n == MP_EAGAIN || n == MP_EINTR) return MORE_TO_COME;
        if (n == MP_EMFILE) mp_priv_incoming_refuse(request, n, "server: Too many open files");
        if (n == MP_EMSGSIZE) mp_priv_incoming_refuse(request, n, "server: too many descriptors");
        if (n <= 0) return IS_OVER;
        request->n_fds += n_fds;
        request->n_read += (size_t)n;
    }
    if (request->n_read < head_size) return MORE_TO_COME;
    if (request->body == NULL && !check_head(request)) return IS_OVER;
    return request->n_read < head_size + request->head.size ? MORE_TO_COME : IS_WHOLE;
}

static bool check_whole(struct mp_priv_incoming *request)
{
    if (request->n_fds != request->head.n_fds) {
        mp_priv_incoming_refuse(request, MP_EPROTO, "server: descriptors are missing");
        return false;
    }
    /* Until it has its reply the client waits, so that its number is its own. One that has given up privileges since
     * must not get them back from us. */
    if (mp_priv_privileges_same(request->client, request->head.thread)) return true;
    mp_priv_incoming_refuse(request, MP_ESTALE, "server: its client has other privileges");
    return false;
}

void mp_priv_incoming_take(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    struct mp_priv_incoming **link = &server->requests;
    while (*link != request) link = &(*link)->next;
    *link = request->next;
    server->n_requests--;
}

void mp_priv_incoming_end(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    mp_priv_incoming_take(server, request);
    mp_priv_incoming_free(request);
}

void mp_priv_incoming_read(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    const enum progress progress = read_some(request);
    if (progress == MORE_TO_COME) return;
    if (progress == IS_WHOLE && check_whole(request)) {
        request->is_whole = true;
        if (!serve(server, request)) return;
    }
    mp_priv_incoming_end(server, request);
}

/* What a fork has begun, and a stop, go on. */
bool mp_priv_incoming_needs_client(const struct mp_priv_incoming *request)
{
    return request->is_whole && request->head.kind == MP_PRIV_REQUEST_EVAL;
}

/* Still: since poll looked, the number may have become another's. */
void mp_priv_incoming_gone(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    struct pollfd gone = {.fd = request->fd, .events = 0};
    if (!mp_priv_incoming_needs_client(request) || mp_priv_sys.poll(&gone, 1, 0) <= 0) return;
    mp_priv_copies_forget(server, request);
    mp_priv_incoming_end(server, request);
}

/* First come, first served. */
void mp_priv_incoming_retry(struct mp_priv_server *server)
{
    struct mp_priv_incoming *next;
    for (struct mp_priv_incoming *request = server->requests; request != NULL && !server->is_over; request = next) {
        next = request->next;
        if (request->is_whole && serve(server, request)) mp_priv_incoming_end(server, request);
    }
}

/* One descriptor, a socket, in one byte. Anything else is no request. */
void mp_priv_incoming_accept(struct mp_priv_server *server, struct mp_priv_connection *connection)
{
    int fd;
    size_t n_fds = 0;
    mp_peer peer;
    struct mp_priv_sender sender;
    const int n = mp_priv_socket_receive_from(connection->fd, &fd, &n_fds, &sender);
    if (n == 0 || n == MP_ECONNRESET) connection->fd = mp_priv_fd_close(connection->fd);
    if (n <= 0 || n_fds == 0) return;
    struct mp_priv_incoming *request = mp_priv_alloc(sizeof(*request));
    if (request == NULL || mp_socket_peer(fd, &peer, NULL) < 0) {
        free(request);
        mp_priv_fd_close(fd);
        return;
    }
    request->fd = fd;
    request->answer_fd = -1;
    request->since = mp_priv_now_ms();
    if (!is_our_user(request, &sender)) {
        mp_priv_incoming_refuse(request, MP_ESTALE, "server: its client is another user");
        mp_priv_incoming_free(request);
        return;
    }
    struct mp_priv_incoming **last = &server->requests;
    while (*last != NULL) last = &(*last)->next;
    *last = request;
    server->n_requests++;
}

void mp_priv_incoming_serve_last(struct mp_priv_server *server)
{
    for (struct mp_priv_connection *c = server->connections; c != NULL; c = c->next) {
        size_t n_before;
        do {
            n_before = server->n_requests;
            if (c->fd >= 0) mp_priv_incoming_accept(server, c);
        } while (server->n_requests > n_before);
    }
    struct mp_priv_incoming *next;
    for (struct mp_priv_incoming *request = server->requests; request != NULL; request = next) {
        next = request->next;
        if (!request->is_whole) {
            mp_priv_incoming_read(server, request);
        } else if (serve(server, request)) {
            mp_priv_incoming_end(server, request);
        }
    }
}

/* Those that aren't whole. The others wait for an answer, and must not keep new ones out. */
static size_t count_half_sent(const struct mp_priv_server *server)
{
    size_t n = 0;
    for (const struct mp_priv_incoming *r = server->requests; r != NULL; r = r->next) n += !r->is_whole;
    return n;
}

bool mp_priv_incoming_has_room(struct mp_priv_server *server)
{
    if (count_half_sent(server) < REQUESTS_MAX) return true;
    const int64_t too_old = mp_priv_now_ms() - HALF_SENT_MS;
    struct mp_priv_incoming *request = server->requests;
    while (request != NULL && (request->is_whole || request->since > too_old)) request = request->next;
    if (request != NULL) mp_priv_incoming_end(server, request);
    return request != NULL;
}
