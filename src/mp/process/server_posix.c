#define _GNU_SOURCE
#include <mp/process/server_posix.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mp/process/client_watch_posix.h>
#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/launch_posix.h>
#include <mp/process/memory.h>
#include <mp/process/privileges_posix.h>
#include <mp/process/process_posix.h>
#include <mp/process/request_posix.h>
#include <mp/process/spawn_request_posix.h>
#include <mp/process/sys.h>

/* A request that is on its way. */
struct request {
    struct request *next;
    int fd;
    struct mp_priv_request_head head;
    size_t n_read; /* of head and body */
    char *body;
    int fds[MP_PRIV_REQUEST_FDS_MAX];
    size_t n_fds;
};

/* A child that runs. */
struct child {
    struct child *next;
    int pid;
    int fd;  /* its request's socket, where its end is told; -1: nobody asks for it any more */
    struct mp_priv_client_watch client; /* with which it is to die */
};

/* What poll looked at. */
enum role { ROLE_SIGNAL, ROLE_CONNECTION, ROLE_REQUEST, ROLE_READER, ROLE_NONE };

struct server {
    int connection; /* -1: all clients have gone */
    int signals;    /* readable after SIGCHLD */
    struct request *requests;
    struct child *children;
    bool has_pidfds;
    struct pollfd *polled;
    size_t n_polled, max_polled;
};

static int signal_pipe = -1;

static void on_sigchld(int number)
{
    const int saved = errno;
    (void)number;
    /* A full pipe is news enough. */
    if (write(signal_pipe, "", 1) < 0) {}
    errno = saved;
}

/* What means that this program is faulty. */
static bool is_fault(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE || number == SIGABRT ||
           number == SIGTRAP || number == SIGSYS;
}

/* What the terminal or a supervisor sends to the application's group is not meant for its children's keeper. It was
 * started with all signals blocked. */
static int prepare_signals(struct server *s)
{
    int fd[2];
    struct sigaction action;
    if (mp_priv_sys.make_pipe(fd) < 0) return -errno;
    s->signals = fd[0];
    signal_pipe = fd[1];
    for (int i = 0; i < 2; i++) {
        const int r = mp_socket_set_nonblocking(fd[i], 1, NULL);
        if (r < 0) return r;
    }
    memset(&action, 0, sizeof(action));
    action.sa_handler = SIG_IGN;
    for (int number = 1; number <= 64; number++) {
        if (!is_fault(number)) (void)sigaction(number, &action, NULL);
    }
    action.sa_handler = on_sigchld;
    action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    (void)sigaction(SIGCHLD, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

static void request_free(struct request *request)
{
    for (size_t i = 0; i < request->n_fds; i++) mp_priv_fd_close(request->fds[i]);
    mp_priv_fd_close(request->fd);
    free(request->body);
    free(request);
}

static void child_free(struct child *child)
{
    mp_priv_fd_close(child->fd);
    mp_priv_client_watch_close(&child->client);
    free(child);
}

static struct child *find_child(const struct server *s, int pid)
{
    struct child *child = s->children;
    while (child != NULL && child->pid != pid) child = child->next;
    return child;
}

/* All children of this process are ours. */
static void reap(struct server *s)
{
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        struct rusage usage;
        const int r = mp_priv_sys.waitid(P_ALL, 0, &info, WEXITED | WNOHANG | MP_PRIV_WAIT_ALL, &usage);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0 || info.si_pid == 0) return;
        struct child **link = &s->children;
        while (*link != NULL && (*link)->pid != info.si_pid) link = &(*link)->next;
        struct child *child = *link;
        if (child == NULL) continue; /* one that couldn't be started */
        *link = child->next;
        mp_exit end;
        memset(&end, 0, sizeof(end));
        mp_priv_exit_set(&end, &info, &usage);
        /* Fits into the empty socket; nobody may be there any more. */
        (void)mp_priv_sys.send(child->fd, &end, sizeof(end));
        child_free(child);
    }
}

static void fill(mp_error *error, int status, const char *message)
{
    error->status = status;
    error->stage = MP_STAGE_SERVER;
    (void)strncpy(error->message, message, sizeof(error->message) - 1);
}

/* Returns whether the client got it: a reply fits into the empty socket. */
static bool reply(int fd, const struct mp_priv_reply *reply)
{
    return mp_socket_send_fds(fd, reply, sizeof(*reply), NULL, 0, NULL) == (int)sizeof(*reply);
}

static void refuse(const struct request *request, int status, const char *message)
{
    struct mp_priv_reply answer;
    memset(&answer, 0, sizeof(answer));
    fill(&answer.error, status, message);
    (void)reply(request->fd, &answer);
}

/* Who sent a request: who made its socket. Until it has its reply it waits, so that its number is its own. It must be
 * the user that we are: one that has given up privileges since must not get them back from us. */
static int check_client(const struct request *request, int *ret_pid)
{
    mp_peer peer;
    const int r = mp_socket_peer(request->fd, &peer, NULL);
    if (r < 0) return r;
    *ret_pid = (int)peer.pid;
    if (peer.uid != (int64_t)geteuid() || peer.gid != (int64_t)getegid()) return MP_ESTALE;
    return mp_priv_privileges_same((int)peer.pid, request->head.thread) ? 0 : MP_ESTALE;
}

static struct child *child_new(const struct server *s, int client, bool tied, int *ret_status)
{
    struct child *child = mp_priv_alloc(sizeof(*child));
    *ret_status = child == NULL ? MP_ENOMEM : 0;
    if (child == NULL) return NULL;
    child->fd = child->client.fd = -1;
    if (tied) *ret_status = mp_priv_client_watch_open(&child->client, client, s->has_pidfds);
    if (*ret_status == 0) return child;
    child_free(child);
    return NULL;
}

/* Becomes the owner of the request's socket if the child runs. */
static void start_child(struct server *s, struct request *request, int client, struct mp_priv_spawn *spawn)
{
    struct mp_priv_reply answer;
    struct mp_priv_child started;
    int status;
    const bool tied = (spawn->options.flags & MP_SPAWN_DIE_WITH_PARENT) != 0;
    struct child *child = child_new(s, client, tied, &status);
    if (child == NULL) {
        refuse(request, status, "spawn server: preparing a child");
        return;
    }
    memset(&answer, 0, sizeof(answer));
    if (mp_priv_child_start(spawn, s->has_pidfds, &started, &answer.error) < 0) {
        (void)reply(request->fd, &answer);
        child_free(child);
        return;
    }
    child->pid = started.pid;
    child->fd = request->fd;
    request->fd = -1;
    child->next = s->children;
    s->children = child;
    answer.pid = started.pid;
    answer.has_pidfd = started.pidfd >= 0;
    bool told = reply(child->fd, &answer);
    if (told && started.pidfd >= 0) told = mp_socket_send_fds(child->fd, "", 1, &started.pidfd, 1, NULL) == 1;
    mp_priv_fd_close(started.pidfd);
    /* Nobody knows of it, and nobody ever will. */
    if (!told) (void)mp_priv_sys.kill(child->pid, SIGKILL);
}

static void serve_spawn(struct server *s, struct request *request, int client)
{
    struct mp_priv_spawn_unpacked unpacked;
    const int r = mp_priv_spawn_unpack(&unpacked, request->body, request->head.size, request->fds, request->n_fds);
    if (r < 0) {
        refuse(request, r, "spawn server: a malformed request to spawn");
        return;
    }
    start_child(s, request, client, &unpacked.spawn);
    mp_priv_spawn_unpacked_close(&unpacked);
}

static void serve_kill(struct server *s, struct request *request)
{
    struct mp_priv_reply answer;
    struct mp_priv_kill order;
    if (request->head.size != sizeof(order)) {
        refuse(request, MP_EPROTO, "spawn server: a malformed request to kill");
        return;
    }
    memcpy(&order, request->body, sizeof(order));
    memset(&answer, 0, sizeof(answer));
    /* Not reaped: the number is still the child's. */
    if (find_child(s, order.pid) == NULL) {
        fill(&answer.error, MP_ESRCH, "spawn server: no such child");
    } else if (mp_priv_sys.kill(order.group ? -order.pid : order.pid, order.signal) < 0) {
        fill(&answer.error, -errno, "spawn server: kill");
    }
    (void)reply(request->fd, &answer);
}

static void serve(struct server *s, struct request *request)
{
    int client;
    const int r = check_client(request, &client);
    if (r < 0) {
        refuse(request, r, "spawn server: its client has other privileges");
        return;
    }
    switch (request->head.kind) {
    case MP_PRIV_REQUEST_SPAWN:
        serve_spawn(s, request, client);
        break;
    case MP_PRIV_REQUEST_KILL:
        serve_kill(s, request);
        break;
    default:
        refuse(request, MP_ENOSYS, "spawn server: an unknown request");
    }
}

static int check_head(struct request *request)
{
    const struct mp_priv_request_head *head = &request->head;
    if (head->magic != MP_PRIV_REQUEST_MAGIC) {
        refuse(request, MP_EPROTO, "spawn server: a client of another version, or no client at all");
        return MP_EPROTO;
    }
    if (head->size > MP_PRIV_REQUEST_SIZE_MAX || head->n_fds > MP_PRIV_REQUEST_FDS_MAX) {
        refuse(request, MP_E2BIG, "spawn server: the request is too large");
        return MP_E2BIG;
    }
    request->body = mp_priv_alloc(head->size + 1);
    if (request->body == NULL) {
        refuse(request, MP_ENOMEM, "spawn server: Cannot allocate memory");
        return MP_ENOMEM;
    }
    return 0;
}

/* Returns 0 if more is to come, 1 if the request is over, whatever became of it. */
static int read_some(struct server *s, struct request *request)
{
    const size_t head_size = sizeof(request->head);
    const bool in_head = request->n_read < head_size;
    char *to = in_head ? (char *)&request->head + request->n_read : request->body + (request->n_read - head_size);
    const size_t left = in_head ? head_size - request->n_read : head_size + request->head.size - request->n_read;
    if (left > 0) {
        size_t n_fds = 0;
        const int n = mp_socket_receive_fds(request->fd, to, left, request->fds + request->n_fds,
                                            MP_PRIV_REQUEST_FDS_MAX - request->n_fds, &n_fds, NULL);
        if (n == MP_EAGAIN || n == MP_EINTR) return 0;
        if (n == MP_EMFILE) refuse(request, n, "spawn server: Too many open files");
        if (n == MP_EMSGSIZE) refuse(request, n, "spawn server: too many descriptors");
        if (n <= 0) return 1;
        request->n_fds += n_fds;
        request->n_read += (size_t)n;
    }
    if (request->n_read < head_size) return 0;
    if (request->body == NULL && check_head(request) < 0) return 1;
    if (request->n_read < head_size + request->head.size) return 0;
    if (request->n_fds == request->head.n_fds) {
        serve(s, request);
    } else {
        refuse(request, MP_EPROTO, "spawn server: descriptors are missing");
    }
    return 1;
}

/* One descriptor in one byte. Anything else is no request. */
static void accept_request(struct server *s)
{
    char byte;
    int fd;
    size_t n_fds = 0;
    const int n = mp_socket_receive_fds(s->connection, &byte, 1, &fd, 1, &n_fds, NULL);
    if (n == 0 || n == MP_ECONNRESET) s->connection = mp_priv_fd_close(s->connection);
    if (n <= 0 || n_fds == 0) return;
    struct request *request = mp_priv_alloc(sizeof(*request));
    if (request == NULL || mp_socket_set_nonblocking(fd, 1, NULL) < 0) {
        free(request);
        mp_priv_fd_close(fd);
        return;
    }
    request->fd = fd;
    request->next = s->requests;
    s->requests = request;
}

static void read_request(struct server *s, int fd)
{
    struct request **link = &s->requests;
    while (*link != NULL && (*link)->fd != fd) link = &(*link)->next;
    struct request *request = *link;
    if (request == NULL || read_some(s, request) == 0) return;
    *link = request->next;
    request_free(request);
}

/* Kill those that are to die with a client that has ended. They are reaped like any other. */
static void look_at_clients(struct server *s)
{
    for (struct child *child = s->children; child != NULL; child = child->next) {
        if (child->client.pid == 0 || !mp_priv_client_watch_ended(&child->client)) continue;
        (void)mp_priv_sys.kill(child->pid, SIGKILL);
        mp_priv_client_watch_close(&child->client);
    }
}

/* Still: since poll looked, the number may have become another's. */
static void reader_gone(struct server *s, int fd)
{
    struct pollfd gone = {.fd = fd, .events = 0};
    if (mp_priv_sys.poll(&gone, 1, 0) <= 0) return;
    for (struct child *child = s->children; child != NULL; child = child->next) {
        if (child->fd == fd) child->fd = mp_priv_fd_close(child->fd);
    }
}

static void poll_add(struct server *s, int fd, short events)
{
    if (s->n_polled < s->max_polled) s->polled[s->n_polled++] = (struct pollfd){.fd = fd, .events = events};
}

static int poll_room(struct server *s)
{
    size_t n = 2;
    for (const struct request *request = s->requests; request != NULL; request = request->next) n++;
    for (const struct child *child = s->children; child != NULL; child = child->next) n += 2;
    if (n <= s->max_polled) return 0;
    struct pollfd *polled = mp_priv_alloc(2 * n * sizeof(*polled));
    if (polled == NULL) return MP_ENOMEM;
    free(s->polled);
    s->polled = polled;
    s->max_polled = 2 * n;
    return 0;
}

/* Who waits for a child's end matters only when nothing else keeps the server. */
static bool collect(struct server *s)
{
    bool needed = s->connection >= 0 || s->requests != NULL;
    (void)poll_room(s); /* some are looked at later then */
    s->n_polled = 0;
    poll_add(s, s->signals, POLLIN);
    if (s->connection >= 0) poll_add(s, s->connection, POLLIN);
    for (const struct request *request = s->requests; request != NULL; request = request->next) {
        poll_add(s, request->fd, POLLIN);
    }
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        if (child->client.fd >= 0) poll_add(s, child->client.fd, POLLIN);
        if (s->connection < 0 && child->fd >= 0) poll_add(s, child->fd, 0);
        needed = needed || child->fd >= 0 || child->client.pid != 0;
    }
    return needed;
}

static enum role role_of(const struct server *s, int fd)
{
    if (fd == s->signals) return ROLE_SIGNAL;
    if (fd == s->connection) return ROLE_CONNECTION;
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        if (child->fd == fd) return ROLE_READER;
    }
    for (const struct request *request = s->requests; request != NULL; request = request->next) {
        if (request->fd == fd) return ROLE_REQUEST;
    }
    return ROLE_NONE;
}

static void handle(struct server *s, int fd)
{
    char bytes[64];
    switch (role_of(s, fd)) {
    case ROLE_SIGNAL:
        while (mp_priv_sys.read(fd, bytes, sizeof(bytes)) > 0) {}
        reap(s);
        break;
    case ROLE_CONNECTION:
        accept_request(s);
        break;
    case ROLE_REQUEST:
        read_request(s, fd);
        break;
    case ROLE_READER:
        reader_gone(s, fd);
        break;
    case ROLE_NONE: /* a client's end, or what has gone meanwhile */
        break;
    }
}

/* Its children run on. */
static void close_all(struct server *s)
{
    while (s->children != NULL) {
        struct child *child = s->children;
        s->children = child->next;
        child_free(child);
    }
    mp_priv_fd_close(s->signals);
    free(s->polled);
}

static int timeout(const struct server *s)
{
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        if (child->client.pid != 0 && child->client.fd < 0) return MP_PRIV_CLIENT_LOOK_MS;
    }
    return -1;
}

int mp_priv_server_run(int connection)
{
    struct server s = {.connection = connection, .signals = -1};
    int r = prepare_signals(&s);
    if (r == 0) r = mp_priv_process_has_pidfds(&s.has_pidfds);
    if (r == 0) r = poll_room(&s);
    if (r < 0) return r;
    while (collect(&s)) {
        int n = mp_priv_sys.poll(s.polled, (unsigned)s.n_polled, timeout(&s));
        look_at_clients(&s);
        for (size_t i = 0; n > 0 && i < s.n_polled; i++) {
            if (s.polled[i].revents == 0) continue;
            handle(&s, s.polled[i].fd);
            n--;
        }
    }
    close_all(&s);
    return 0;
}
