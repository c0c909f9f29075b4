#define _GNU_SOURCE
#include <mp/process/forkserver_posix.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/fork_posix.h>
#include <mp/process/link_posix.h>
#include <mp/process/memory.h>
#include <mp/process/options.h>
#include <mp/process/process_posix.h>
#include <mp/process/sys.h>

/* A peer that doesn't even tell its pid is no server. */
enum { SIGNAL_LAST = 64, ENDING_MS = 1000, STRANGER_MS = 10000 };

struct mp_forkserver {
    struct mp_priv_link *link;
    int pid;
};

int mp_priv_forkserver_new(int connection, int server_pid, mp_forkserver **ret_server)
{
    int r = mp_priv_fork_prepare();
    if (r < 0) return r;
    mp_forkserver *server = mp_priv_alloc(sizeof(*server));
    if (server == NULL) return MP_ENOMEM;
    r = mp_priv_link_new(connection, &server->link);
    if (r < 0) {
        free(server);
        return r;
    }
    server->pid = server_pid;
    *ret_server = server;
    return 0;
}

mp_forkserver *mp_forkserver_close(mp_forkserver *server)
{
    if (server == NULL) return NULL;
    const int saved = errno;
    mp_priv_link_unref(server->link);
    free(server);
    errno = saved;
    return NULL;
}

int mp_forkserver_server_pid(const mp_forkserver *server)
{
    return server == NULL ? MP_EINVAL : server->pid;
}

/* What the server says in its reply is an error of the request like any other. */
static int ask_link(const struct mp_priv_link *link, uint32_t kind, const void *body, size_t size, const int *fds,
                    size_t n_fds, struct mp_priv_answer *ret_answer, mp_error *reterr)
{
    const struct mp_priv_request_head head = {MP_PRIV_REQUEST_MAGIC, kind, (uint32_t)size, (uint32_t)n_fds,
                                              mp_priv_thread_number()};
    const int saved = errno;
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    int r = mp_priv_link_ask(link, &head, body, fds, kind == MP_PRIV_REQUEST_PID ? STRANGER_MS : -1, ret_answer);
    if (r < 0) {
        mp_priv_fail(reterr, r, MP_STAGE_SERVER, "fork server");
    } else if (ret_answer->reply.error.status < 0) {
        r = ret_answer->reply.error.status;
        if (reterr != NULL) *reterr = ret_answer->reply.error;
        mp_priv_answer_close(ret_answer);
    }
    pthread_setcancelstate(cancel_state, &cancel_state);
    errno = saved;
    return r;
}

/* An order whose answer is a number. */
static int order(mp_forkserver *server, uint32_t kind, const void *body, size_t size, int *ret_value, mp_error *reterr)
{
    struct mp_priv_answer answer = MP_PRIV_ANSWER_NONE;
    const int r = ask_link(server->link, kind, body, size, NULL, 0, &answer, reterr);
    if (r < 0) return r;
    *ret_value = answer.reply.value;
    mp_priv_answer_close(&answer);
    return 0;
}

/* The body of a request to run something, which is copied because it is sent as a whole. */
static int run(mp_forkserver *server, uint32_t kind, const mp_fork_options *options, bool wants_socket,
               struct mp_priv_answer *ret_answer, mp_error *reterr)
{
    const size_t name_size = strlen(options->entry) + 1;
    const struct mp_priv_fork_head head = {options->flags, (uint32_t)name_size, wants_socket};
    if (name_size > MP_PRIV_REQUEST_SIZE_MAX - MP_FORKSERVER_PAYLOAD_MAX - sizeof(head) ||
        options->payload_size > MP_FORKSERVER_PAYLOAD_MAX || options->n_fds > MP_FORKSERVER_FDS_MAX) {
        return mp_priv_refuse(reterr, MP_E2BIG, MP_STAGE_ARGUMENT,
                              "fork server: a name of %zu bytes, a payload of %zu and %zu descriptors are too much",
                              name_size - 1, options->payload_size, options->n_fds);
    }
    const size_t size = sizeof(head) + name_size + options->payload_size;
    char *body = mp_priv_alloc(size);
    if (body == NULL) return mp_priv_fail(reterr, MP_ENOMEM, MP_STAGE_MEMORY, "fork server: request");
    memcpy(body, &head, sizeof(head));
    memcpy(body + sizeof(head), options->entry, name_size);
    if (options->payload_size > 0) {
        memcpy(body + sizeof(head) + name_size, options->payload, options->payload_size);
    }
    const int r = ask_link(server->link, kind, body, size, options->fds, options->n_fds, ret_answer, reterr);
    free(body);
    return r;
}

static int refuse(mp_error *reterr, const char *why)
{
    (void)mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "fork server: %s", why);
    return MP_EINVAL;
}

static int resolve(mp_fork_options *known, const mp_fork_options *options, uint64_t flags, mp_error *reterr)
{
    if (options->size < sizeof(*known)) return refuse(reterr, "the options' size");
    const int r = mp_priv_options_check_rest("fork options", options, sizeof(*known), options->size, reterr);
    if (r < 0) return r;
    *known = *options;
    if (known->entry == NULL) return refuse(reterr, "entry is NULL");
    if (known->payload == NULL && known->payload_size > 0) return refuse(reterr, "payload is NULL, its size is not 0");
    if (known->fds == NULL && known->n_fds > 0) return refuse(reterr, "fds is NULL, n_fds is not 0");
    if ((known->flags & ~flags) != 0) return refuse(reterr, "a flag that it can't honour");
    for (size_t i = 0; i < known->n_fds; i++) {
        if (mp_priv_handle_check(known->fds[i]) < 0) {
            return mp_priv_fail(reterr, MP_EBADF, MP_STAGE_ARGUMENT, "fork server: descriptor %d", known->fds[i]);
        }
    }
    return 0;
}

/* Fork a child, whose end somebody wants to know. Without the socket that it was to have it is of no use. */
static int fork_child(mp_forkserver *server, const mp_fork_options *options, bool wants_socket,
                      struct mp_priv_answer *ret_answer, mp_error *reterr)
{
    const int r = run(server, MP_PRIV_REQUEST_FORK, options, wants_socket, ret_answer, reterr);
    if (r < 0 || !wants_socket || ret_answer->extra >= 0) return r;
    (void)mp_priv_link_kill(server->link, ret_answer->reply.serial, SIGKILL, false);
    mp_priv_answer_close(ret_answer);
    return mp_priv_fail(reterr, MP_EMFILE, MP_STAGE_PAIR, "fork server: the child's socket");
}

static const uint64_t flags_of_all = MP_SPAWN_OWN_GROUP | MP_SPAWN_OWN_SESSION | MP_SPAWN_DIE_WITH_PARENT;

int mp_forkserver_fork_pid(mp_forkserver *server, const mp_fork_options *options, int *ret_pid, mp_socket *ret_socket,
                           mp_handle *ret_exit_fd, mp_error *reterr)
{
    mp_fork_options known;
    struct mp_priv_answer answer = MP_PRIV_ANSWER_NONE;
    if (server == NULL || options == NULL || ret_pid == NULL) return refuse(reterr, "an argument is NULL");
    int r = resolve(&known, options, flags_of_all, reterr);
    if (r == 0) r = fork_child(server, &known, ret_socket != NULL, &answer, reterr);
    if (r < 0) return r;
    *ret_pid = answer.reply.value;
    if (ret_socket != NULL) {
        *ret_socket = answer.extra;
        answer.extra = -1;
    }
    if (ret_exit_fd != NULL) {
        *ret_exit_fd = answer.socket;
        answer.socket = -1;
    }
    mp_priv_answer_close(&answer);
    return 0;
}

int mp_forkserver_fork(mp_forkserver *server, const mp_fork_options *options, mp_process **ret_process,
                       mp_socket *ret_socket, mp_error *reterr)
{
    mp_fork_options known;
    struct mp_priv_answer answer = MP_PRIV_ANSWER_NONE;
    mp_process *process;
    if (server == NULL || options == NULL || ret_process == NULL) return refuse(reterr, "an argument is NULL");
    int r = resolve(&known, options, flags_of_all | MP_SPAWN_KILL_ON_UNREF, reterr);
    if (r < 0) return r;
    r = mp_priv_process_new(true, &process);
    if (r < 0) return mp_priv_fail(reterr, r, MP_STAGE_MEMORY, "fork server: handle");
    r = fork_child(server, &known, ret_socket != NULL, &answer, reterr);
    if (r < 0) {
        mp_priv_process_discard(process);
        return r;
    }
    mp_priv_process_set_private(process, known.flags, &answer, mp_priv_link_ref(server->link));
    if (ret_socket != NULL) *ret_socket = answer.extra;
    *ret_process = process;
    return 0;
}

int mp_forkserver_spawn(mp_forkserver *server, const mp_spawn_options *options, mp_process **ret_process,
                        mp_error *reterr)
{
    struct mp_priv_spawn spawn;
    if (server == NULL || options == NULL || ret_process == NULL) return refuse(reterr, "an argument is NULL");
    int r = mp_priv_spawn_resolve(&spawn, options, reterr);
    if (r == 0) r = mp_priv_spawn_check_argv(&spawn, reterr);
    if (r < 0) return r;
    spawn.options.flags |= MP_SPAWN_PRIVATE;
    spawn.server = server->link;
    return mp_priv_launch(&spawn, ret_process, reterr);
}

int mp_forkserver_eval(mp_forkserver *server, const char *entry, const void *payload, size_t payload_size,
                       int *ret_result, mp_error *reterr)
{
    mp_fork_options options = MP_FORK_OPTIONS_INIT;
    struct mp_priv_answer answer = MP_PRIV_ANSWER_NONE;
    if (server == NULL) return refuse(reterr, "an argument is NULL");
    options.entry = entry;
    options.payload = payload;
    options.payload_size = payload_size;
    int r = resolve(&options, &options, 0, reterr);
    if (r == 0) r = run(server, MP_PRIV_REQUEST_EVAL, &options, false, &answer, reterr);
    if (r < 0) return r;
    if (ret_result != NULL) *ret_result = answer.reply.value;
    mp_priv_answer_close(&answer);
    return 0;
}

int mp_forkserver_kill_all(mp_forkserver *server, int signal, mp_error *reterr)
{
    const int32_t number = signal;
    int n = 0;
    if (server == NULL) return refuse(reterr, "an argument is NULL");
    if (signal < 0 || signal > SIGNAL_LAST) return refuse(reterr, "no such signal");
    const int r = order(server, MP_PRIV_REQUEST_KILL_ALL, &number, sizeof(number), &n, reterr);
    return r < 0 ? r : n;
}

/* It says so, and then it ends. */
static void await_end(const mp_forkserver *server)
{
    struct pollfd ended = {.fd = mp_priv_link_connection(server->link), .events = 0};
    while (mp_priv_sys.poll(&ended, 1, ENDING_MS) < 0 && errno == EINTR) {}
}

static int stop(mp_forkserver *server, uint32_t kind, const void *body, size_t size, mp_error *reterr)
{
    int value;
    if (server == NULL) return refuse(reterr, "an argument is NULL");
    const int r = order(server, kind, body, size, &value, reterr);
    if (r == 0) await_end(server);
    return r;
}

int mp_forkserver_stop(mp_forkserver *server, int timeout_ms, mp_error *reterr)
{
    const int32_t number = timeout_ms;
    if (timeout_ms < -1) return refuse(reterr, "a timeout below -1");
    return stop(server, MP_PRIV_REQUEST_STOP, &number, sizeof(number), reterr);
}

int mp_forkserver_stop_server_only(mp_forkserver *server, mp_error *reterr)
{
    return stop(server, MP_PRIV_REQUEST_LEAVE, NULL, 0, reterr);
}

int mp_forkserver_connect(mp_forkserver *server, mp_socket *ret_connection, mp_error *reterr)
{
    struct mp_priv_answer answer = MP_PRIV_ANSWER_NONE;
    if (server == NULL || ret_connection == NULL) return refuse(reterr, "an argument is NULL");
    const int r = ask_link(server->link, MP_PRIV_REQUEST_CONNECT, NULL, 0, NULL, 0, &answer, reterr);
    if (r < 0) return r;
    *ret_connection = answer.socket;
    answer.socket = -1;
    mp_priv_answer_close(&answer);
    return 0;
}

static int open_link(mp_socket connection, mp_forkserver **ret_server, mp_error *reterr)
{
    mp_forkserver *server = NULL;
    if (fcntl(connection, F_SETFD, FD_CLOEXEC) < 0) {
        return mp_priv_fail(reterr, -errno, MP_STAGE_SOCKET, "fork server: connection %d", connection);
    }
    int r = mp_priv_forkserver_new(connection, 0, &server);
    if (r < 0) return mp_priv_fail(reterr, r, MP_STAGE_MEMORY, "fork server: connection %d", connection);
    r = order(server, MP_PRIV_REQUEST_PID, NULL, 0, &server->pid, reterr);
    if (r < 0) {
        mp_priv_link_forget(server->link);
        mp_forkserver_close(server);
        if (r != MP_ETIMEDOUT) return r;
        return mp_priv_refuse(reterr, MP_EPROTO, MP_STAGE_SERVER, "fork server: nobody answers on connection %d",
                              connection);
    }
    *ret_server = server;
    return 0;
}

int mp_forkserver_open(mp_socket connection, mp_forkserver **ret_server, mp_error *reterr)
{
    mp_peer peer;
    if (ret_server == NULL) return refuse(reterr, "an argument is NULL");
    const int r = mp_socket_peer(connection, &peer, reterr);
    if (r < 0) return r;
    return open_link(connection, ret_server, reterr);
}
