#define _GNU_SOURCE
#include <mp/process/server_posix.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/memory.h>
#include <mp/process/process_posix.h>
#include <mp/process/server_children_posix.h>
#include <mp/process/server_copies_posix.h>
#include <mp/process/server_fork_posix.h>
#include <mp/process/server_requests_posix.h>
#include <mp/process/sys.h>

enum { FULL_LOOK_MS = 1000 };

/* If there is no memory for more, some are looked at later. */
static void make_room(struct mp_priv_server *server)
{
    const size_t n = 2 + server->n_connections + 2 * server->n_requests + 2 * server->n_children;
    if (n <= server->max_polled) return;
    struct pollfd *polled = mp_priv_alloc(2 * n * sizeof(*polled));
    if (polled == NULL) return;
    free(server->polled);
    server->polled = polled;
    server->max_polled = 2 * n;
}

int mp_priv_server_init(struct mp_priv_server *server)
{
    memset(server, 0, sizeof(*server));
    server->signals = -1;
    make_room(server);
    if (server->polled == NULL) return MP_ENOMEM;
    const int r = mp_priv_signals_take(&server->signals_before, &server->signals);
    return r < 0 ? r : mp_priv_process_has_pidfds(&server->has_pidfds);
}

void mp_priv_server_close(struct mp_priv_server *server)
{
    while (server->children != NULL) {
        struct mp_priv_served_child *child = server->children;
        server->children = child->next;
        mp_priv_served_free(child);
    }
    while (server->requests != NULL) {
        struct mp_priv_incoming *request = server->requests;
        server->requests = request->next;
        mp_priv_incoming_free(request);
    }
    while (server->connections != NULL) {
        struct mp_priv_connection *connection = server->connections;
        server->connections = connection->next;
        mp_priv_fd_close(connection->fd);
        free(connection);
    }
    server->signals = mp_priv_fd_close(server->signals);
    free(server->polled);
    server->polled = NULL;
}

int mp_priv_server_add_connection(struct mp_priv_server *server, int fd)
{
    struct mp_priv_connection *connection = mp_priv_alloc(sizeof(*connection));
    if (connection == NULL) return MP_ENOMEM;
    connection->fd = fd;
    connection->next = server->connections;
    server->connections = connection;
    server->n_connections++;
    return 0;
}

static void poll_add(struct mp_priv_server *server, int fd, short events)
{
    if (server->n_polled < server->max_polled) {
        server->polled[server->n_polled++] = (struct pollfd){.fd = fd, .events = events};
    }
}

/* Returns whether anybody needs the server. Who waits for a child's end matters only when nothing else does. */
static bool collect(struct mp_priv_server *server)
{
    const bool has_clients = server->connections != NULL;
    bool needed = has_clients || server->requests != NULL;
    make_room(server);
    server->is_full = !mp_priv_incoming_has_room(server);
    server->n_polled = 0;
    poll_add(server, server->signals, POLLIN);
    for (const struct mp_priv_connection *c = server->connections; c != NULL && !server->is_full; c = c->next) {
        poll_add(server, c->fd, POLLIN);
    }
    for (const struct mp_priv_incoming *request = server->requests; request != NULL; request = request->next) {
        const int fd = request->is_whole ? request->answer_fd : request->fd;
        if (fd >= 0) poll_add(server, fd, POLLIN);
        if (mp_priv_incoming_needs_client(request)) poll_add(server, request->fd, 0);
    }
    for (const struct mp_priv_served_child *child = server->children; child != NULL; child = child->next) {
        if (child->client.fd >= 0) poll_add(server, child->client.fd, POLLIN);
        if (!has_clients && child->fd >= 0) poll_add(server, child->fd, 0);
        needed = needed || child->fd >= 0 || child->client.pid != 0;
    }
    return needed;
}

static void drop_closed_connections(struct mp_priv_server *server)
{
    for (struct mp_priv_connection **link = &server->connections; *link != NULL;) {
        struct mp_priv_connection *connection = *link;
        if (connection->fd >= 0) {
            link = &connection->next;
            continue;
        }
        *link = connection->next;
        server->n_connections--;
        free(connection);
    }
}

/* Still: since poll looked, the number may have become another's. */
static void reader_gone(struct mp_priv_served_child *child)
{
    struct pollfd gone = {.fd = child->fd, .events = 0};
    if (mp_priv_sys.poll(&gone, 1, 0) > 0) child->fd = mp_priv_fd_close(child->fd);
}

static void handle_signals(struct mp_priv_server *server)
{
    char bytes[64];
    while (mp_priv_sys.read(server->signals, bytes, sizeof(bytes)) > 0) {}
    for (int pid; (pid = mp_priv_served_ended()) > 0;) {
        /* One that an image has made: that was told before it could end. */
        if (!mp_priv_served_has(server, pid)) mp_priv_incoming_retry(server);
        const bool is_image = server->forks != NULL && !mp_priv_served_has(server, pid);
        if (!mp_priv_served_reap(server, pid)) break;
        if (is_image) mp_priv_copies_ended(server, pid);
    }
}

/* What has it by now: what poll saw may have gone meanwhile. */
static void handle(struct mp_priv_server *server, int fd)
{
    if (fd == server->signals) {
        handle_signals(server);
        return;
    }
    for (struct mp_priv_connection *c = server->connections; c != NULL; c = c->next) {
        if (c->fd != fd) continue;
        mp_priv_incoming_accept(server, c);
        return;
    }
    for (struct mp_priv_incoming *request = server->requests; request != NULL; request = request->next) {
        if (request->fd != fd) continue;
        if (request->is_whole) {
            mp_priv_incoming_gone(server, request);
        } else {
            mp_priv_incoming_read(server, request);
        }
        return;
    }
    for (struct mp_priv_served_child *child = server->children; child != NULL; child = child->next) {
        if (child->fd != fd) continue;
        reader_gone(child);
        return;
    }
}

static int timeout(const struct mp_priv_server *server)
{
    int ms = server->is_full ? FULL_LOOK_MS : -1;
    for (const struct mp_priv_served_child *child = server->children; child != NULL; child = child->next) {
        if (child->client.pid != 0 && child->client.fd < 0) ms = MP_PRIV_CLIENT_LOOK_MS;
    }
    const int left = server->forks != NULL ? mp_priv_forks_time_left(server) : -1;
    return ms < 0 || (left >= 0 && left < ms) ? left : ms;
}

void mp_priv_server_run(struct mp_priv_server *server)
{
    while (!server->is_over && collect(server)) {
        int n = mp_priv_sys.poll(server->polled, (unsigned)server->n_polled, timeout(server));
        mp_priv_served_look_at_clients(server);
        for (size_t i = 0; n > 0 && i < server->n_polled; i++) {
            if (server->polled[i].revents == 0) continue;
            handle(server, server->polled[i].fd);
            n--;
        }
        mp_priv_incoming_retry(server);
        drop_closed_connections(server);
    }
    /* Others may have asked for the end, too. */
    if (server->forks != NULL && server->forks->is_stopping) mp_priv_incoming_serve_last(server);
}
