#define _GNU_SOURCE
#include <mp/process/server_fork_posix.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/memory.h>
#include <mp/process/server_copies_posix.h>
#include <mp/process/server_requests_posix.h>
#include <mp/process/sys.h>

int mp_priv_forks_new(const mp_forkserver_options *options, struct mp_priv_forks **ret_forks, mp_error *reterr)
{
    size_t size = options->n_entries * sizeof(*options->entries);
    for (size_t i = 0; i < options->n_entries; i++) size += strlen(options->entries[i].name) + 1;
    struct mp_priv_forks *forks = mp_priv_alloc(sizeof(*forks));
    mp_forkserver_entry *entries = mp_priv_alloc(size + 1);
    if (forks == NULL || entries == NULL) {
        free(forks);
        free(entries);
        return mp_priv_fail(reterr, MP_ENOMEM, MP_STAGE_MEMORY, "fork server");
    }
    char *name = (char *)(entries + options->n_entries);
    for (size_t i = 0; i < options->n_entries; i++) {
        const size_t length = strlen(options->entries[i].name) + 1;
        entries[i] = options->entries[i];
        entries[i].name = memcpy(name, options->entries[i].name, length);
        name += length;
    }
    forks->entries = entries;
    forks->n_entries = options->n_entries;
    forks->max_children = options->max_children;
    forks->max_clients = options->max_clients;
    forks->image = forks->next_image = -1;
    *ret_forks = forks;
    return 0;
}

void mp_priv_forks_free(struct mp_priv_forks *forks)
{
    if (forks == NULL) return;
    mp_priv_fd_close(forks->image);
    mp_priv_fd_close(forks->next_image);
    free(forks->entries);
    free(forks);
}

bool mp_priv_forks_refuse_stopping(const struct mp_priv_server *server, const struct mp_priv_incoming *request)
{
    if (server->forks->is_stopping) mp_priv_incoming_refuse(request, MP_ESHUTDOWN, "fork server: it is being stopped");
    return server->forks->is_stopping;
}

/* Children that an image is making. */
static size_t count_pending(const struct mp_priv_server *server)
{
    size_t n = 0;
    for (const struct mp_priv_incoming *r = server->requests; r != NULL; r = r->next) n += r->pending != NULL;
    return n;
}

bool mp_priv_forks_may_start(const struct mp_priv_server *server, const struct mp_priv_incoming *request)
{
    const struct mp_priv_forks *forks = server->forks;
    if (mp_priv_forks_refuse_stopping(server, request)) return false;
    if (forks->max_children > 0 && server->n_children + count_pending(server) >= forks->max_children) {
        mp_priv_incoming_refuse(request, MP_EAGAIN, "fork server: it has as many children as it may have");
        return false;
    }
    return true;
}

bool mp_priv_forks_may_connect(const struct mp_priv_server *server, const struct mp_priv_incoming *request)
{
    const uint32_t most = server->forks->max_clients;
    if (most == 0 || server->n_connections + count_pending(server) < most) return true;
    mp_priv_incoming_refuse(request, MP_EUSERS, "fork server: it has as many clients as it may have");
    return false;
}

/* Who asks for the end doesn't wait for itself, nor do two of them for each other. */
static bool is_stopper(const struct mp_priv_server *server, int pid)
{
    for (const struct mp_priv_incoming *r = server->requests; r != NULL; r = r->next) {
        if (r->is_whole && r->head.kind == MP_PRIV_REQUEST_STOP && r->client == pid) return true;
    }
    return false;
}

/* All children but who asks for it. Returns how many there are. */
static int signal_others(const struct mp_priv_server *server, const struct mp_priv_incoming *by, int signal)
{
    int n = 0;
    for (const struct mp_priv_served_child *child = server->children; child != NULL; child = child->next) {
        if (child->pid == by->client || is_stopper(server, child->pid)) continue;
        (void)mp_priv_sys.kill(child->pid, signal);
        n++;
    }
    return n;
}

static bool take_number(const struct mp_priv_incoming *request, int32_t *ret_number)
{
    if (request->head.size != sizeof(*ret_number)) {
        mp_priv_incoming_refuse(request, MP_EPROTO, "fork server: a malformed request");
        return false;
    }
    memcpy(ret_number, request->body, sizeof(*ret_number));
    return true;
}

static bool serve_stop(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    int32_t timeout_ms;
    if (request->until == 0) {
        if (!take_number(request, &timeout_ms)) return true;
        request->until = timeout_ms < 0 ? INT64_MAX : mp_priv_now_ms() + timeout_ms;
        server->forks->is_stopping = true;
        (void)signal_others(server, request, SIGTERM);
    }
    const bool is_late = mp_priv_now_ms() >= request->until;
    if (is_late) request->until = INT64_MAX;
    if (signal_others(server, request, is_late ? SIGKILL : 0) > 0 || count_pending(server) > 0) return false;
    (void)mp_priv_incoming_reply(request, 0);
    server->is_over = true;
    return true;
}

static bool serve_kill_all(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    int32_t signal;
    if (take_number(request, &signal)) {
        (void)mp_priv_incoming_reply(request, signal_others(server, request, signal));
    }
    return true;
}

/* The request's socket becomes a connection. */
static bool serve_connect(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    if (!mp_priv_forks_may_connect(server, request)) return true;
    if (mp_priv_server_add_connection(server, request->fd) < 0) {
        mp_priv_incoming_refuse(request, MP_ENOMEM, "fork server: a connection");
        return true;
    }
    if (mp_priv_incoming_reply(request, (int)getpid())) {
        request->fd = -1;
    } else {
        server->connections->fd = -1; /* the one just added */
    }
    return true;
}

bool mp_priv_forks_serve(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    switch (request->head.kind) {
    case MP_PRIV_REQUEST_FORK:
        return mp_priv_copies_fork(server, request);
    case MP_PRIV_REQUEST_EVAL:
        return mp_priv_copies_eval(server, request);
    case MP_PRIV_REQUEST_KILL_ALL:
        return serve_kill_all(server, request);
    case MP_PRIV_REQUEST_STOP:
        return serve_stop(server, request);
    case MP_PRIV_REQUEST_LEAVE:
        (void)mp_priv_incoming_reply(request, 0);
        server->is_over = true;
        return true;
    case MP_PRIV_REQUEST_CONNECT:
        return serve_connect(server, request);
    case MP_PRIV_REQUEST_PID:
        (void)mp_priv_incoming_reply(request, (int)getpid());
        return true;
    default:
        mp_priv_incoming_refuse(request, MP_ENOSYS, "fork server: an unknown request");
        return true;
    }
}

int mp_priv_forks_time_left(const struct mp_priv_server *server)
{
    int64_t until = INT64_MAX;
    for (const struct mp_priv_incoming *r = server->requests; r != NULL; r = r->next) {
        if (r->until != 0 && r->until < until) until = r->until;
    }
    if (until == INT64_MAX) return -1;
    const int64_t left = until - mp_priv_now_ms();
    return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}
