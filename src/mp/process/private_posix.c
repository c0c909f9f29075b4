#define _GNU_SOURCE
#include <mp/process/private_posix.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/launch_posix.h>
#include <mp/process/memory.h>
#include <mp/process/options.h>
#include <mp/process/process_posix.h>
#include <mp/process/request_posix.h>
#include <mp/process/spawn_request_posix.h>
#include <mp/process/sys.h>

enum { ENDING_MS = 200 };

struct mp_priv_server {
    atomic_uint n_ref;
    int connection;
};

/* The one that private children are started by; a new one takes its place when it has ended. */
static struct {
    pthread_mutex_t lock;
    struct mp_priv_server *current;
} servers = {PTHREAD_MUTEX_INITIALIZER, NULL};

static struct mp_priv_server *server_ref(struct mp_priv_server *server)
{
    atomic_fetch_add_explicit(&server->n_ref, 1, memory_order_relaxed);
    return server;
}

void mp_priv_server_unref(struct mp_priv_server *server)
{
    if (server == NULL || atomic_fetch_sub_explicit(&server->n_ref, 1, memory_order_acq_rel) != 1) return;
    mp_priv_fd_close(server->connection);
    free(server);
}

static const char *server_path(void)
{
#ifdef __GLIBC__
    const char *path = secure_getenv("MP_SPAWN_SERVER");
#else
    const char *path = getenv("MP_SPAWN_SERVER");
#endif
    return path != NULL && *path != '\0' ? path : MP_PRIV_SPAWN_SERVER;
}

/* It is nobody's child, has nothing open but its connection, and no directory of ours. */
static int start_program(int connection, mp_error *reterr)
{
    const char *argv[] = {server_path(), "3", NULL};
    const mp_fd_map fds[] = {{connection, 3}};
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    struct mp_priv_spawn spawn;
    struct mp_priv_child child;
    options.argv = argv;
    options.cwd = "/";
    options.fds = fds;
    options.n_fds = 1;
    options.flags = MP_SPAWN_NO_PATH_SEARCH;
    for (int i = 0; i < 3; i++) options.stdio[i].kind = MP_STDIO_NULL;
    int r = mp_priv_spawn_resolve(&spawn, &options, NULL);
    if (r == 0) {
        spawn.detached = true;
        spawn.blocked = UINT64_MAX; /* until it ignores them */
        r = mp_priv_child_start(&spawn, false, &child, NULL);
    }
    return r < 0 ? mp_priv_fail(reterr, r, MP_STAGE_SERVER, "spawn server %s", mp_priv_quote(argv[0], 80).text) : 0;
}

static int server_start(struct mp_priv_server **ret_server, mp_error *reterr)
{
    int ends[2];
    struct mp_priv_server *server = mp_priv_alloc(sizeof(*server));
    if (server == NULL) return mp_priv_fail(reterr, MP_ENOMEM, MP_STAGE_MEMORY, "spawn server");
    if (mp_priv_sys.make_socketpair(ends) < 0) {
        const int status = -errno;
        free(server);
        return mp_priv_fail(reterr, status, MP_STAGE_PAIR, "spawn server: connection");
    }
    const int r = start_program(ends[1], reterr);
    mp_priv_fd_close(ends[1]);
    if (r < 0) {
        mp_priv_fd_close(ends[0]);
        free(server);
        return r;
    }
    atomic_init(&server->n_ref, 1);
    server->connection = ends[0];
    *ret_server = server;
    return 0;
}

/* Returns a reference to the server; started now if there is none. */
static int server_get(struct mp_priv_server **ret_server, mp_error *reterr)
{
    int r = 0;
    pthread_mutex_lock(&servers.lock);
    if (servers.current == NULL) r = server_start(&servers.current, reterr);
    if (r == 0) *ret_server = server_ref(servers.current);
    pthread_mutex_unlock(&servers.lock);
    return r;
}

/* Drop what server_get gave. If the server has ended, the next one who needs a server starts another. */
static void server_put(struct mp_priv_server *server, bool ended)
{
    pthread_mutex_lock(&servers.lock);
    if (ended && servers.current == server) {
        servers.current = NULL;
        atomic_fetch_sub_explicit(&server->n_ref, 1, memory_order_relaxed); /* ours is left */
    }
    pthread_mutex_unlock(&servers.lock);
    mp_priv_server_unref(server);
}

/* When it is ending, a request's socket may be closed a moment before the connection. */
static bool has_ended(const struct mp_priv_server *server)
{
    struct pollfd ended = {.fd = server->connection, .events = 0};
    return mp_priv_sys.poll(&ended, 1, ENDING_MS) > 0;
}

/* What mp_priv_request says, and MP_EAGAIN if a server that runs on dropped the request. */
static int ask(const struct mp_priv_server *server, const struct mp_priv_request_head *head, const void *body,
               const int *fds, struct mp_priv_reply *reply, int *ret_pidfd, int *ret_socket)
{
    const int r = mp_priv_request(server->connection, head, body, fds, reply, ret_pidfd, ret_socket);
    return r == MP_ECONNRESET && !has_ended(server) ? MP_EAGAIN : r;
}

/* Started by this server, or MP_EPIPE if it had ended before. */
static int spawn_by(struct mp_priv_server *server, const struct mp_priv_spawn_message *message,
                    const struct mp_priv_spawn *spawn, mp_process *process, mp_error *reterr)
{
    struct mp_priv_reply reply;
    int pidfd;
    int socket;
    const struct mp_priv_request_head head = {MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_SPAWN, (uint32_t)message->size,
                                              (uint32_t)message->n_fds, mp_priv_thread_number()};
    const int r = ask(server, &head, message->body, message->fds, &reply, &pidfd, &socket);
    if (r < 0) {
        return mp_priv_fail(reterr, r, MP_STAGE_SERVER, "spawn %s: spawn server",
                            mp_priv_quote(spawn->options.argv[0], 50).text);
    }
    if (reply.error.status < 0) {
        mp_priv_fd_close(pidfd);
        mp_priv_fd_close(socket);
        if (reterr != NULL) *reterr = reply.error;
        /* The one error of its own that is answered by another server. */
        return reply.error.stage == MP_STAGE_SERVER && reply.error.status == MP_ESTALE ? MP_EPIPE : reply.error.status;
    }
    mp_priv_process_set_private(process, spawn->options.flags, reply.pid, pidfd, socket,
                                server_ref(server));
    return 0;
}

static int spawn_private(const struct mp_priv_spawn *spawn, mp_process *process, mp_error *reterr)
{
    struct mp_priv_spawn_message message;
    int r = mp_priv_spawn_pack(&message, spawn, reterr);
    for (int tries = 0; r == 0 && tries < 2; tries++) {
        struct mp_priv_server *server = NULL;
        r = server_get(&server, reterr);
        if (r < 0) break;
        assert(server != NULL);
        r = spawn_by(server, &message, spawn, process, reterr);
        const bool again = r == MP_EPIPE;
        server_put(server, again || r == MP_ECONNRESET);
        if (!again) break;
        r = tries == 0 ? 0 : MP_ESTALE;
    }
    mp_priv_spawn_message_close(&message);
    return r;
}

int mp_priv_launch_private(const struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr)
{
    const int saved = errno;
    int cancel_state;
    mp_process *process;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    mp_priv_reaper_retry();
    int r = mp_priv_process_new(true, &process);
    if (r < 0) {
        mp_priv_fail(reterr, r, MP_STAGE_MEMORY, "spawn %s", mp_priv_quote(spawn->options.argv[0], 60).text);
    } else if ((r = spawn_private(spawn, process, reterr)) < 0) {
        mp_priv_process_discard(process);
    } else {
        *ret_process = process;
    }
    pthread_setcancelstate(cancel_state, &cancel_state);
    errno = saved;
    return r;
}

static int ask_to_kill(const struct mp_priv_server *server, int pid, int signal, bool group)
{
    const struct mp_priv_request_head head = {MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_KILL, sizeof(struct mp_priv_kill), 0,
                                              mp_priv_thread_number()};
    const struct mp_priv_kill order = {pid, signal, group};
    struct mp_priv_reply reply;
    int pidfd;
    int socket;
    const int r = ask(server, &head, &order, NULL, &reply, &pidfd, &socket);
    if (r < 0) return r;
    mp_priv_fd_close(pidfd);
    mp_priv_fd_close(socket);
    return reply.error.status;
}

/* Called with a lock held, which a cancelled thread would keep. */
int mp_priv_server_kill(const struct mp_priv_server *server, int pid, int signal, bool group)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    const int r = ask_to_kill(server, pid, signal, group);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return r;
}

static int read_exit(int fd, mp_exit *ret_exit)
{
    mp_exit exit;
    struct pollfd told = {.fd = fd, .events = POLLIN};
    size_t n_fds;
    /* It comes as a whole. */
    if (mp_priv_sys.poll(&told, 1, 0) <= 0) return MP_ETIMEDOUT;
    const int n = mp_socket_receive_fds(fd, &exit, sizeof(exit), NULL, 0, &n_fds, NULL);
    if (n == MP_EAGAIN || n == MP_EINTR) return MP_ETIMEDOUT;
    /* The descriptor stays readable. */
    (void)shutdown(fd, SHUT_RD);
    if (n != (int)sizeof(exit)) return MP_ECONNRESET;
    *ret_exit = exit;
    return 0;
}

/* As above. */
int mp_priv_server_read_exit(int fd, mp_exit *ret_exit)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    const int r = read_exit(fd, ret_exit);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return r;
}
