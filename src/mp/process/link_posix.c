#define _GNU_SOURCE
#include <mp/process/link_posix.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <mp/c/forkserver.h>
#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/memory.h>
#include <mp/process/process_posix.h>
#include <mp/process/sys.h>

enum { ENDING_MS = 200 };

struct mp_priv_link {
    atomic_uint n_ref;
    int connection;
    ino_t inode; /* the number may become another file's, should the application close what it doesn't know */
};

int mp_priv_link_new(int connection, struct mp_priv_link **ret_link)
{
    struct stat status;
    if (fstat(connection, &status) < 0) return -errno;
    struct mp_priv_link *link = mp_priv_alloc(sizeof(*link));
    if (link == NULL) return MP_ENOMEM;
    atomic_init(&link->n_ref, 1);
    link->connection = connection;
    link->inode = status.st_ino;
    *ret_link = link;
    return 0;
}

static bool is_there(const struct mp_priv_link *link)
{
    struct stat status;
    return fstat(link->connection, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_ino == link->inode;
}

struct mp_priv_link *mp_priv_link_ref(struct mp_priv_link *link)
{
    atomic_fetch_add_explicit(&link->n_ref, 1, memory_order_relaxed);
    return link;
}

void mp_priv_link_unref(struct mp_priv_link *link)
{
    if (link == NULL || atomic_fetch_sub_explicit(&link->n_ref, 1, memory_order_acq_rel) != 1) return;
    if (is_there(link)) mp_priv_fd_close(link->connection);
    free(link);
}

void mp_priv_link_forget(struct mp_priv_link *link)
{
    link->connection = -1;
}

int mp_priv_link_connection(const struct mp_priv_link *link)
{
    return link->connection;
}

void mp_priv_answer_close(struct mp_priv_answer *answer)
{
    answer->pidfd = mp_priv_fd_close(answer->pidfd);
    answer->extra = mp_priv_fd_close(answer->extra);
    answer->socket = mp_priv_fd_close(answer->socket);
}

/* When it is ending, a request's socket may be closed a moment before the connection. */
static bool has_ended(const struct mp_priv_link *link)
{
    struct pollfd ended = {.fd = link->connection, .events = 0};
    return mp_priv_sys.poll(&ended, 1, ENDING_MS) > 0;
}

int mp_priv_link_ask(const struct mp_priv_link *link, const struct mp_priv_request_head *head, const void *body,
                     const int *fds, int timeout_ms, struct mp_priv_answer *ret_answer)
{
    if (!is_there(link)) return MP_EPIPE;
    const int r = mp_priv_request(link->connection, head, body, fds, timeout_ms, ret_answer);
    return r == MP_ECONNRESET && !has_ended(link) ? MP_EAGAIN : r;
}

int mp_priv_link_spawn(struct mp_priv_link *link, const struct mp_priv_spawn_message *message,
                         const struct mp_priv_spawn *spawn, mp_process *process, bool *ret_other, mp_error *reterr)
{
    struct mp_priv_answer answer;
    const struct mp_priv_request_head head = {MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_SPAWN, (uint32_t)message->size,
                                              (uint32_t)message->n_fds, mp_priv_thread_number()};
    const int r = mp_priv_link_ask(link, &head, message->body, message->fds, -1, &answer);
    *ret_other = r == MP_EPIPE;
    if (r < 0) {
        return mp_priv_fail(reterr, r, MP_STAGE_SERVER, "spawn %s: %s",
                            mp_priv_quote(spawn->options.argv[0], 50).text,
                            spawn->server != NULL ? "fork server" : "spawn server");
    }
    if (answer.reply.error.status < 0) {
        const mp_error *error = &answer.reply.error;
        mp_priv_answer_close(&answer);
        if (reterr != NULL) *reterr = *error;
        *ret_other = error->stage == MP_STAGE_SERVER && error->status == MP_ESTALE;
        return error->status;
    }
    mp_priv_process_set_private(process, spawn->options.flags, &answer, mp_priv_link_ref(link));
    return 0;
}

int mp_priv_link_kill(const struct mp_priv_link *link, uint64_t serial, int signal, bool group)
{
    const struct mp_priv_request_head head = {MP_PRIV_REQUEST_MAGIC, MP_PRIV_REQUEST_KILL, sizeof(struct mp_priv_kill), 0,
                                              mp_priv_thread_number()};
    const struct mp_priv_kill order = {serial, signal, group};
    struct mp_priv_answer answer;
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    int r = mp_priv_link_ask(link, &head, &order, NULL, -1, &answer);
    if (r == 0) {
        mp_priv_answer_close(&answer);
        r = answer.reply.error.status;
    }
    pthread_setcancelstate(cancel_state, &cancel_state);
    return r;
}

static int read_exit(int fd, mp_exit *ret_exit)
{
    mp_forkserver_exit end;
    struct pollfd told = {.fd = fd, .events = POLLIN};
    size_t n_fds;
    /* It comes as a whole. */
    if (mp_priv_sys.poll(&told, 1, 0) <= 0) return MP_ETIMEDOUT;
    const int n = mp_socket_receive_fds(fd, &end, sizeof(end), NULL, 0, &n_fds, NULL);
    if (n == MP_EAGAIN || n == MP_EINTR) return MP_ETIMEDOUT;
    /* The descriptor stays readable. */
    (void)shutdown(fd, SHUT_RD);
    if (n != (int)sizeof(end)) return MP_ECONNRESET;
    *ret_exit = end.exit;
    return 0;
}

/* Called with a lock held, which a cancelled thread would keep. */
int mp_priv_link_read_exit(int fd, mp_exit *ret_exit)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    const int r = read_exit(fd, ret_exit);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return r;
}
