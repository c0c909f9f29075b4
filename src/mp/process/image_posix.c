#define _GNU_SOURCE
#include <mp/process/image_posix.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/mman.h>
#include <sys/prctl.h>
#endif

#include <mp/process/fd_posix.h>
#include <mp/process/memory.h>
#include <mp/process/server_signals_posix.h>
#include <mp/process/socket_fds_posix.h>
#include <mp/process/sys.h>

/* Small, so that it is sent as a whole or not at all. Pointers are valid in every copy of the server. The descriptors
 * that come along: for the answer, with the payload, then those of the worker that there are. */
struct command {
    int32_t order;
    uint32_t has_connection;
    uint32_t has_socket;
    uint32_t n_fds;
    uint64_t flags;
    uint64_t payload_size;
    mp_forkserver_entry entry;
};

enum { FIXED_FDS = 4, FDS_MAX = FIXED_FDS + MP_FORKSERVER_FDS_MAX };

#ifdef __linux__
int mp_priv_image_prepare_server(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) < 0 ? -errno : 0;
}

/* What the function may have asked for: children belong to the server. */
static void adopt_nobody(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L);
}

static int open_memory(void)
{
    return memfd_create("mp-payload", MFD_CLOEXEC);
}
#else
int mp_priv_image_prepare_server(void)
{
    return MP_ENOTSUP;
}

static void adopt_nobody(void) {}

static int open_memory(void)
{
    errno = ENOSYS;
    return -1;
}
#endif

static int write_payload(const struct mp_priv_worker *worker, int *ret_fd)
{
    const int fd = open_memory();
    if (fd < 0) return -errno;
    for (size_t done = 0; done < worker->payload_size;) {
        const ssize_t n = mp_priv_sys.write(fd, worker->payload + done, worker->payload_size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const int status = -errno;
            mp_priv_fd_close(fd);
            return status;
        }
        done += (size_t)n;
    }
    *ret_fd = fd;
    return 0;
}

static int send_command(int image, enum mp_priv_image_order order, const struct mp_priv_worker *worker, int payload,
                        int answers)
{
    int fds[FDS_MAX] = {answers, payload};
    size_t n_fds = 2;
    struct command command;
    memset(&command, 0, sizeof(command));
    command.order = order;
    command.entry = worker->entry;
    command.flags = worker->flags;
    command.payload_size = worker->payload_size;
    command.has_connection = worker->connection >= 0;
    command.has_socket = worker->socket >= 0;
    command.n_fds = (uint32_t)worker->n_fds;
    if (worker->n_fds > MP_FORKSERVER_FDS_MAX) return MP_E2BIG;
    if (worker->connection >= 0) fds[n_fds++] = worker->connection;
    if (worker->socket >= 0) fds[n_fds++] = worker->socket;
    for (size_t i = 0; i < worker->n_fds; i++) fds[n_fds++] = worker->fds[i];
    const int n = mp_priv_socket_send_now(image, &command, sizeof(command), fds, n_fds);
    return n < 0 ? n : n == (int)sizeof(command) ? 0 : MP_EIO;
}

int mp_priv_image_ask(int image, enum mp_priv_image_order order, const struct mp_priv_worker *worker, int *ret_answers)
{
    int ends[2];
    int payload = -1;
    if (mp_priv_sys.make_socketpair(ends) < 0) return -errno;
    int r = write_payload(worker, &payload);
    if (r == 0) r = send_command(image, order, worker, payload, ends[1]);
    mp_priv_fd_close(payload);
    mp_priv_fd_close(ends[1]);
    if (r < 0) {
        mp_priv_fd_close(ends[0]);
    } else {
        *ret_answers = ends[0];
    }
    return r;
}

/* Returns whether the server gets it: if not, it knows nothing of this process and never will. */
static bool answer(int answers, int status, int value)
{
    const struct mp_priv_image_answer text = {status, value};
    return mp_priv_socket_send_now(answers, &text, sizeof(text), NULL, 0) == (int)sizeof(text);
}

/* Returns NULL if there is no memory for it. */
static char *read_payload(int fd, size_t size)
{
    char *payload = mp_priv_alloc(size + 1);
    for (size_t done = 0; payload != NULL && done < size;) {
        const ssize_t n = pread(fd, payload + done, size - done, (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return NULL;
        done += (size_t)n;
    }
    return payload;
}

static _Noreturn void serve(const struct mp_priv_image *image);

_Noreturn void mp_priv_image_become(const struct mp_priv_image *image, const struct mp_priv_worker *worker,
                                    void *memory, int answers)
{
    struct mp_priv_worker own = *worker;
    own.flags = MP_SPAWN_DIE_WITH_PARENT;
    mp_priv_worker_settle(&own);
    sigset_t none;
    sigemptyset(&none);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (!answer(answers, MP_PRIV_IMAGE_BEGINS, (int)getpid())) _exit(0);
    const int result = mp_priv_worker_eval(worker);
    free(memory);
    (void)fflush(NULL); /* or every child would print it again */
    adopt_nobody();
    if (!answer(answers, 0, result)) _exit(0);
    mp_priv_fd_close(answers);
    serve(image);
}

/* In the copy of a copy. Once the one between has ended, the server is its parent. */
static _Noreturn void begin(const struct mp_priv_image *image, const struct command *command, const int *fds,
                            int between)
{
    const int *next = fds + 2;
    struct mp_priv_worker worker = {.entry = command->entry, .server_pid = image->server_pid, .flags = command->flags};
    while (getppid() == between) (void)sched_yield();
    char *payload = read_payload(fds[1], command->payload_size);
    worker.payload = payload;
    worker.payload_size = command->payload_size;
    worker.connection = command->has_connection != 0 ? *next++ : -1;
    worker.socket = command->has_socket != 0 ? *next++ : -1;
    worker.fds = next;
    worker.n_fds = command->n_fds;
    mp_priv_fd_close(fds[1]);
    mp_priv_fd_close(image->commands);
    if (payload == NULL) {
        (void)answer(fds[0], MP_ENOMEM, 0);
        _exit(1);
    }
    if (command->order == MP_PRIV_IMAGE_EVAL) {
        const struct mp_priv_image successor = {worker.connection, image->server_pid, image->signals};
        mp_priv_image_become(&successor, &worker, payload, fds[0]);
    }
    mp_priv_worker_settle(&worker);
    if (!answer(fds[0], 0, (int)getpid())) _exit(1);
    mp_priv_fd_close(fds[0]);
    mp_priv_worker_run(&worker, image->signals);
}

static void copy(const struct mp_priv_image *image, const struct command *command, const int *fds)
{
    const int pid = mp_priv_signals_fork();
    if (pid == 0) {
        const int self = (int)getpid();
        const int child = mp_priv_signals_fork();
        if (child == 0) begin(image, command, fds, self);
        if (child < 0) (void)answer(fds[0], -errno, 0);
        _exit(0);
    }
    if (pid < 0) {
        (void)answer(fds[0], -errno, 0);
        return;
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

/* Descriptors that didn't fit are lost, and with them the answer. */
static _Noreturn void serve(const struct mp_priv_image *image)
{
    for (;;) {
        struct command command;
        int fds[FDS_MAX];
        size_t n_fds = 0;
        const int n = mp_socket_receive_fds(image->commands, &command, sizeof(command), fds, FDS_MAX, &n_fds, NULL);
        if (n == MP_EMFILE || n == MP_ENOMEM || n == MP_EAGAIN) continue;
        if (n != (int)sizeof(command)) _exit(0);
        copy(image, &command, fds);
        for (size_t i = 0; i < n_fds; i++) mp_priv_fd_close(fds[i]);
    }
}
