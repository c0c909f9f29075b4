#define _GNU_SOURCE
#include <mp/process/server_copies_posix.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/image_posix.h>
#include <mp/process/memory.h>
#include <mp/process/server_children_posix.h>
#include <mp/process/server_fork_posix.h>
#include <mp/process/server_requests_posix.h>
#include <mp/process/socket_fds_posix.h>
#include <mp/process/sys.h>
#include <mp/process/worker_posix.h>

enum { EVALS_MAX = 64 };

#define LEADS_GROUP (MP_SPAWN_OWN_GROUP | MP_SPAWN_OWN_SESSION)

struct mp_priv_pending {
    struct mp_priv_served_child *child; /* that will be */
    int connection;        /* the child's own: this end */
    int child_connection;  /* and the child's */
    int socket;            /* the one for the client */
    int child_socket;
};

void mp_priv_pending_free(struct mp_priv_pending *pending)
{
    if (pending == NULL) return;
    if (pending->child != NULL) mp_priv_served_free(pending->child);
    mp_priv_fd_close(pending->connection);
    mp_priv_fd_close(pending->child_connection);
    mp_priv_fd_close(pending->socket);
    mp_priv_fd_close(pending->child_socket);
    free(pending);
}

/* Takes a request to run something apart. Refuses it if there is no such entry point. */
static bool parse(const struct mp_priv_server *server, const struct mp_priv_incoming *request,
                  struct mp_priv_worker *worker, bool *ret_wants_socket)
{
    struct mp_priv_fork_head head;
    const size_t size = request->head.size;
    memset(worker, 0, sizeof(*worker));
    if (size < sizeof(head)) goto malformed;
    memcpy(&head, request->body, sizeof(head));
    if (head.name_size == 0 || head.name_size > size - sizeof(head)) goto malformed;
    const char *name = request->body + sizeof(head);
    if (name[head.name_size - 1] != '\0') goto malformed;

    worker->payload = name + head.name_size;
    worker->payload_size = size - sizeof(head) - head.name_size;
    worker->fds = request->fds;
    worker->n_fds = request->n_fds;
    worker->flags = head.flags;
    worker->connection = worker->socket = -1;
    worker->server_pid = (int)getpid();
    *ret_wants_socket = head.wants_socket != 0;
    for (size_t i = 0; i < server->forks->n_entries; i++) {
        if (strcmp(server->forks->entries[i].name, name) != 0) continue;
        worker->entry = server->forks->entries[i];
        return true;
    }
    mp_error error;
    (void)mp_priv_refuse(&error, MP_ENOENT, MP_STAGE_ARGUMENT, "fork server: no entry point %s",
                         mp_priv_quote(name, 60).text);
    mp_priv_incoming_fail(request, &error);
    return false;
malformed:
    mp_priv_incoming_refuse(request, MP_EPROTO, "fork server: a malformed request");
    return false;
}

static int make_pair(int *ret_ours, int *ret_other)
{
    int ends[2];
    if (mp_priv_sys.make_socketpair(ends) < 0) return -errno;
    *ret_ours = ends[0];
    *ret_other = ends[1];
    return 0;
}

static int make_connection(struct mp_priv_pending *pending)
{
    int ends[2];
    const int r = mp_priv_socket_pair_for_server(ends);
    if (r < 0) return r;
    pending->child_connection = ends[0];
    pending->connection = ends[1];
    return 0;
}

static int make_pending(struct mp_priv_server *server, const struct mp_priv_incoming *request,
                        const struct mp_priv_worker *worker, bool wants_socket, struct mp_priv_pending **ret_pending)
{
    struct mp_priv_pending *pending = mp_priv_alloc(sizeof(*pending));
    if (pending == NULL) return MP_ENOMEM;
    pending->connection = pending->child_connection = pending->socket = pending->child_socket = -1;
    int r = mp_priv_served_new(server, request->client, (worker->flags & MP_SPAWN_DIE_WITH_PARENT) != 0,
                               &pending->child);
    if (r == 0) r = make_connection(pending);
    if (r == 0 && wants_socket) r = make_pair(&pending->socket, &pending->child_socket);
    if (r < 0) {
        mp_priv_pending_free(pending);
        return r;
    }
    *ret_pending = pending;
    return 0;
}

/* The child exists, and isn't reaped: hand everything to where it belongs. */
static void finish_fork(struct mp_priv_server *server, struct mp_priv_incoming *request,
                        struct mp_priv_pending *pending, int pid)
{
    const int pidfd = server->has_pidfds ? mp_priv_sys.pidfd_open(pid) : -1;
    bool told = !server->forks->is_stopping && mp_priv_server_add_connection(server, pending->connection) == 0;
    if (told) pending->connection = -1;
    pending->child->pid = pid;
    told = told && mp_priv_incoming_reply_child(request, pending->child, pidfd, pending->socket);
    (void)mp_priv_forks_refuse_stopping(server, request);
    mp_priv_fd_close(pidfd);
    mp_priv_served_add(server, pending->child, request);
    pending->child = NULL;
    if (!told) (void)mp_priv_sys.kill(pid, SIGKILL);
}

/* In the child: nothing of the server is to stay but what the request brought. */
static void leave_server(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    mp_priv_incoming_take(server, request);
    request->fd = mp_priv_fd_close(request->fd);
    request->answer_fd = mp_priv_fd_close(request->answer_fd);
    mp_priv_forks_free(server->forks);
    mp_priv_server_close(server);
}

static void refuse_fork(const struct mp_priv_incoming *request, int status)
{
    mp_error error;
    (void)mp_priv_fail(&error, status, MP_STAGE_FORK, "fork server: fork");
    mp_priv_incoming_fail(request, &error);
}

static void refuse_without_image(const struct mp_priv_incoming *request)
{
    mp_error error;
    (void)mp_priv_refuse(&error, MP_ECHILD, MP_STAGE_FORK, "fork server: the copy that mp_forkserver_eval left has ended");
    mp_priv_incoming_fail(request, &error);
}

static bool image_has_ended(const struct mp_priv_forks *forks)
{
    struct pollfd ended = {.fd = forks->image, .events = 0};
    return forks->image < 0 || mp_priv_sys.poll(&ended, 1, 0) > 0;
}

static void refuse_asking(const struct mp_priv_server *server, const struct mp_priv_incoming *request, int status)
{
    if (server->forks->has_image && image_has_ended(server->forks)) {
        refuse_without_image(request);
    } else {
        refuse_fork(request, status);
    }
}

/* The child is in its own group before anybody can signal that. It runs no code but ours until then. */
static void await_end(int fd)
{
    char byte;
    while (mp_priv_sys.read(fd, &byte, 1) < 0 && errno == EINTR) {}
}

static void fork_here(struct mp_priv_server *server, struct mp_priv_incoming *request, struct mp_priv_worker *worker,
                      struct mp_priv_pending *pending)
{
    int settled[2];
    if (mp_priv_sys.make_pipe(settled) < 0) {
        refuse_fork(request, -errno);
        return;
    }
    const int pid = mp_priv_signals_fork();
    if (pid == 0) {
        const struct mp_priv_signals *signals = &server->signals_before;
        worker->connection = pending->child_connection;
        worker->socket = pending->child_socket;
        pending->child_connection = pending->child_socket = -1;
        mp_priv_pending_free(pending);
        leave_server(server, request);
        mp_priv_fd_close(settled[0]);
        mp_priv_worker_settle(worker);
        mp_priv_fd_close(settled[1]);
        mp_priv_worker_run(worker, signals);
    }
    const int err = errno;
    mp_priv_fd_close(settled[1]);
    if (pid < 0) {
        refuse_fork(request, -err);
    } else {
        if ((worker->flags & LEADS_GROUP) != 0) await_end(settled[0]);
        finish_fork(server, request, pending, pid);
    }
    mp_priv_fd_close(settled[0]);
}

/* The image's copy has told what came of it, or it never will. */
static bool hear(struct mp_priv_incoming *request, struct mp_priv_image_answer *answer, bool *ret_is_there)
{
    size_t n_fds;
    const int n = mp_priv_socket_receive_now(request->answer_fd, answer, sizeof(*answer), NULL, 0, &n_fds);
    if (n == MP_EAGAIN || n == MP_EINTR) return false;
    *ret_is_there = n == (int)sizeof(*answer);
    return true;
}

static bool finish_fork_by_image(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    struct mp_priv_image_answer answer;
    bool is_there;
    if (!hear(request, &answer, &is_there)) return false;
    if (!is_there && image_has_ended(server->forks)) {
        refuse_without_image(request);
    } else if (!is_there) {
        mp_priv_incoming_refuse(request, MP_ECONNABORTED, "fork server: the child ended before its entry point");
    } else if (answer.status < 0) {
        refuse_fork(request, answer.status);
    } else {
        finish_fork(server, request, request->pending, answer.value);
    }
    return true;
}

bool mp_priv_copies_fork(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    struct mp_priv_worker worker;
    bool wants_socket;
    if (request->pending != NULL) return finish_fork_by_image(server, request);
    if (!mp_priv_forks_may_start(server, request) || !mp_priv_forks_may_connect(server, request) ||
        !parse(server, request, &worker, &wants_socket)) {
        return true;
    }
    struct mp_priv_pending *pending = NULL;
    int r = make_pending(server, request, &worker, wants_socket, &pending);
    if (r < 0) {
        mp_priv_incoming_refuse(request, r, "fork server: preparing a child");
        return true;
    }
    if (!server->forks->has_image) {
        fork_here(server, request, &worker, pending);
        mp_priv_pending_free(pending);
        return true;
    }
    worker.connection = pending->child_connection;
    worker.socket = pending->child_socket;
    r = mp_priv_image_ask(server->forks->image, MP_PRIV_IMAGE_FORK, &worker, &request->answer_fd);
    pending->child_connection = mp_priv_fd_close(pending->child_connection);
    pending->child_socket = mp_priv_fd_close(pending->child_socket);
    request->pending = pending;
    if (r < 0) refuse_asking(server, request, r);
    return r < 0;
}

/* In the copy that is to be the next image. */
static _Noreturn void become_image(struct mp_priv_server *server, struct mp_priv_incoming *request,
                                   const struct mp_priv_worker *worker, int commands, int answers)
{
    const struct mp_priv_image image = {commands, worker->server_pid, &server->signals_before};
    leave_server(server, request);
    mp_priv_image_become(&image, worker, request->body, answers);
}

static int eval_here(struct mp_priv_server *server, struct mp_priv_incoming *request,
                     const struct mp_priv_worker *worker, int commands)
{
    int answers = -1;
    int r = mp_priv_image_prepare_server();
    if (r == 0) r = make_pair(&request->answer_fd, &answers);
    if (r < 0) return r;
    const int pid = mp_priv_signals_fork();
    if (pid == 0) {
        become_image(server, request, worker, commands, answers);
    }
    r = pid < 0 ? -errno : 0;
    mp_priv_fd_close(answers);
    return r;
}

static int begin_eval(struct mp_priv_server *server, struct mp_priv_incoming *request, struct mp_priv_worker *worker)
{
    struct mp_priv_forks *forks = server->forks;
    int commands = -1;
    int r = make_pair(&forks->next_image, &commands);
    if (r < 0) return r;
    if (forks->has_image) {
        worker->connection = commands;
        r = mp_priv_image_ask(forks->image, MP_PRIV_IMAGE_EVAL, worker, &request->answer_fd);
    } else {
        r = eval_here(server, request, worker, commands);
    }
    mp_priv_fd_close(commands);
    if (r < 0) {
        forks->next_image = mp_priv_fd_close(forks->next_image);
        return r;
    }
    forks->evaluating = request;
    forks->next_pid = 0;
    return 0;
}

static void refuse_aborted(const struct mp_priv_incoming *request)
{
    mp_priv_incoming_refuse(request, MP_ECONNABORTED, "fork server: the entry point ended its process");
}

static bool finish_eval(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    struct mp_priv_forks *forks = server->forks;
    struct mp_priv_image_answer answer;
    bool is_there;
    if (!hear(request, &answer, &is_there)) return false;
    if (is_there && answer.status == MP_PRIV_IMAGE_BEGINS) {
        forks->next_pid = answer.value;
        return finish_eval(server, request);
    }
    forks->evaluating = NULL;
    if (is_there && answer.status == 0) {
        mp_priv_fd_close(forks->image); /* the old one ends */
        forks->image = forks->next_image;
        forks->image_pid = forks->next_pid;
        forks->next_image = -1;
        forks->has_image = true;
        (void)mp_priv_incoming_reply(request, answer.value);
        return true;
    }
    forks->next_image = mp_priv_fd_close(forks->next_image);
    if (is_there) {
        refuse_fork(request, answer.status);
    } else {
        refuse_aborted(request);
    }
    return true;
}

void mp_priv_copies_ended(struct mp_priv_server *server, int pid)
{
    struct mp_priv_forks *forks = server->forks;
    if (pid == forks->image_pid) {
        forks->image = mp_priv_fd_close(forks->image);
        forks->image_pid = 0;
    }
    if (forks->evaluating == NULL || pid != forks->next_pid) return;
    struct mp_priv_incoming *request = forks->evaluating;
    refuse_aborted(request);
    mp_priv_copies_forget(server, request);
    mp_priv_incoming_end(server, request);
}

/* One that waits for its turn. Returns whether it is refused. */
static bool refuse_crowd(const struct mp_priv_server *server, const struct mp_priv_incoming *request)
{
    size_t n_before = 0;
    for (const struct mp_priv_incoming *r = server->requests; r != request; r = r->next) {
        n_before += r->is_whole && r->head.kind == MP_PRIV_REQUEST_EVAL;
    }
    if (n_before < EVALS_MAX) return false;
    mp_priv_incoming_refuse(request, MP_EAGAIN, "fork server: too many wait for their turn");
    return true;
}

bool mp_priv_copies_eval(struct mp_priv_server *server, struct mp_priv_incoming *request)
{
    struct mp_priv_worker worker;
    bool wants_socket;
    if (server->forks->evaluating == request) return finish_eval(server, request);
    if (mp_priv_forks_refuse_stopping(server, request)) return true;
    if (server->forks->evaluating != NULL) return refuse_crowd(server, request);
    if (!parse(server, request, &worker, &wants_socket)) return true;
    const int r = begin_eval(server, request, &worker);
    if (r < 0) refuse_asking(server, request, r);
    return r < 0;
}

void mp_priv_copies_forget(struct mp_priv_server *server, const struct mp_priv_incoming *request)
{
    struct mp_priv_forks *forks = server->forks;
    if (forks->evaluating != request) return;
    forks->evaluating = NULL;
    forks->next_image = mp_priv_fd_close(forks->next_image);
}
