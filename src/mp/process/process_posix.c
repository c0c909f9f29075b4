#define _GNU_SOURCE
#include <mp/process/process_posix.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/fork_posix.h>
#include <mp/process/link_posix.h>
#include <mp/process/sys.h>

enum { WATCH_UNKNOWN, WATCH_PIDFD, WATCH_THREAD };

/* Whether the system can open, wait for and poll a pidfd (all of it came with Linux 5.4): waiting for
 * ourselves says "no child" then, and "invalid" before. Asked once.
 * Remove when Linux 5.4 is the minimum and filters that refuse pidfd_open are gone. */
static int watch_kind(int *ret_kind)
{
    static atomic_int known = WATCH_UNKNOWN;
    *ret_kind = atomic_load_explicit(&known, memory_order_relaxed);
    if (*ret_kind != WATCH_UNKNOWN) return 0;

    const int fd = mp_priv_sys.pidfd_open((int)getpid());
    int r = -1;
    if (fd >= 0) {
        siginfo_t info;
        struct rusage usage;
        r = mp_priv_sys.waitid(MP_PRIV_P_PIDFD, fd, &info, WEXITED | WNOHANG, &usage);
    }
    const int err = r < 0 ? errno : ECHILD;
    mp_priv_fd_close(fd);
    if (err != ECHILD && err != ENOSYS && err != EINVAL && err != EPERM) return -err;
    *ret_kind = err == ECHILD ? WATCH_PIDFD : WATCH_THREAD;
    atomic_store_explicit(&known, *ret_kind, memory_order_relaxed);
    return 0;
}

int mp_priv_process_has_pidfds(bool *ret_has)
{
    int kind;
    const int r = watch_kind(&kind);
    *ret_has = r == 0 && kind == WATCH_PIDFD;
    return r;
}

static void close_outputs(mp_process *process)
{
    for (int i = 0; i < 2; i++) process->output[i] = mp_priv_fd_close(process->output[i]);
}

static bool is_ours(const mp_process *process)
{
    return process->owner == mp_priv_fork_owner();
}

static void process_free(mp_process *process)
{
    mp_priv_link_unref(process->server);
    close_outputs(process);
    if (process->exit_fd != process->pidfd) mp_priv_fd_close(process->exit_fd);
    mp_priv_fd_close(process->pidfd);
    mp_priv_fd_close(process->watch_fd);
    /* In a copy of the process threads that aren't there may hold the one and wait on the other, for ever. */
    if (is_ours(process)) {
        pthread_cond_destroy(&process->start);
        pthread_mutex_destroy(&process->lock);
    }
    free(process);
}

int mp_priv_process_new(bool is_private, mp_process **ret_process)
{
    int kind = WATCH_PIDFD;
    int r = mp_priv_fork_prepare();
    if (r == 0 && !is_private) r = watch_kind(&kind);
    if (r < 0) return r;
    mp_process *process = mp_priv_sys.alloc(sizeof(*process));
    if (process == NULL) return MP_ENOMEM;
    atomic_init(&process->n_ref, 1);
    atomic_init(&process->n_user, 1);
    process->owner = mp_priv_fork_owner();
    process->pidfd = process->exit_fd = process->watch_fd = process->output[0] = process->output[1] = -1;
    pthread_mutex_init(&process->lock, NULL);
    pthread_cond_init(&process->start, NULL);
    if (kind == WATCH_THREAD) {
        r = mp_priv_watch_start(process);
        if (r < 0) {
            process_free(process);
            return r;
        }
    }
    *ret_process = process;
    return 0;
}

/* Under the lock. */
static void set_started(mp_process *process, uint64_t flags, int pid, int pidfd)
{
    process->leads_group = (flags & (MP_SPAWN_OWN_GROUP | MP_SPAWN_OWN_SESSION)) != 0;
    process->kill_on_unref = (flags & MP_SPAWN_KILL_ON_UNREF) != 0;
    process->pid = pid;
    process->pidfd = pidfd;
    process->started = true;
}

void mp_priv_process_set_child(mp_process *process, uint64_t flags, int pid, int pidfd)
{
    pthread_mutex_lock(&process->lock);
    set_started(process, flags, pid, pidfd);
    if (pidfd >= 0) process->exit_fd = pidfd;
    pthread_cond_signal(&process->start);
    pthread_mutex_unlock(&process->lock);
}

void mp_priv_process_set_private(mp_process *process, uint64_t flags, const struct mp_priv_answer *answer,
                                 struct mp_priv_link *server)
{
    pthread_mutex_lock(&process->lock);
    set_started(process, flags, answer->reply.value, answer->pidfd);
    process->exit_fd = answer->socket;
    process->serial = answer->reply.serial;
    process->server = server;
    pthread_mutex_unlock(&process->lock);
}

void mp_priv_process_discard(mp_process *process)
{
    pthread_mutex_lock(&process->lock);
    process->discarded = true;
    pthread_cond_signal(&process->start);
    pthread_mutex_unlock(&process->lock);
    mp_process_unref(process);
}

static int64_t microseconds(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

void mp_priv_exit_set(mp_exit *out, const siginfo_t *info, const struct rusage *usage)
{
    out->how = info->si_code == CLD_EXITED ? MP_EXIT_EXITED : MP_EXIT_SIGNALED;
    out->value = info->si_status;
    out->core_dumped = info->si_code == CLD_DUMPED;
    out->user_time_us = microseconds(usage->ru_utime);
    out->system_time_us = microseconds(usage->ru_stime);
#ifdef __APPLE__
    out->max_rss_kib = usage->ru_maxrss / 1024;
#else
    out->max_rss_kib = usage->ru_maxrss;
#endif
}

/* Of a child that has ended the system tells when its new parent has reaped it: soon, or never. */
static bool ask_system(const mp_process *process, mp_exit *ret_exit)
{
    enum { TRIES = 20, PAUSE_MS = 5 };
    for (int i = 0; i < TRIES; i++) {
        if (mp_priv_sys.pidfd_exit(process->pidfd, ret_exit) == 0) return true;
        struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
        if (errno != ESRCH || mp_priv_sys.poll(&ended, 1, 0) <= 0) return false;
        (void)poll(NULL, 0, PAUSE_MS);
    }
    return false;
}

/* The server has told, or it has ended: then the system may. */
static int poll_private(mp_process *process)
{
    const int r = mp_priv_link_read_exit(process->exit_fd, &process->exit);
    if (r == MP_ETIMEDOUT) return r;
    if (r < 0 && !ask_system(process, &process->exit)) process->exit.how = MP_EXIT_LOST;
    process->reaped = true;
    return 0;
}

static int poll_child(mp_process *process)
{
    siginfo_t info = {.si_pid = 0};
    struct rusage usage = {.ru_maxrss = 0};
    const int type = process->pidfd >= 0 ? MP_PRIV_P_PIDFD : P_PID;
    const int id = process->pidfd >= 0 ? process->pidfd : process->pid;
    int r;
    do {
        r = mp_priv_sys.waitid(type, id, &info, WEXITED | WNOHANG | MP_PRIV_WAIT_ALL, &usage);
    } while (r < 0 && errno == EINTR);
    if (r < 0 && errno != ECHILD) return -errno;
    if (r == 0 && info.si_pid == 0) return MP_ETIMEDOUT;
    if (r < 0) {
        process->exit.how = MP_EXIT_LOST;
    } else {
        mp_priv_exit_set(&process->exit, &info, &usage);
    }
    process->reaped = true;
    return 0;
}

int mp_priv_process_poll(mp_process *process)
{
    if (process->reaped) return 0;
    if (process->released) return MP_ECHILD;
    return process->server != NULL ? poll_private(process) : poll_child(process);
}

bool mp_priv_process_is_over(int polled)
{
    return polled == 0 || polled == MP_ECHILD || polled == MP_EBADF;
}

static int look(mp_process *process, mp_exit *ret_exit)
{
    pthread_mutex_lock(&process->lock);
    const int r = mp_priv_process_poll(process);
    if (r == 0 && ret_exit != NULL) *ret_exit = process->exit;
    pthread_mutex_unlock(&process->lock);
    return r;
}

static int wait_until(mp_process *process, int timeout_ms, mp_exit *ret_exit)
{
    const int64_t deadline = timeout_ms > 0 ? mp_priv_now_ms() + timeout_ms + 1 : 0;
    for (int pause_ms = 0;;) {
        const int r = look(process, ret_exit);
        if (r != MP_ETIMEDOUT || timeout_ms == 0) return r;
        int64_t left = -1;
        if (timeout_ms > 0) {
            left = deadline - mp_priv_now_ms();
            if (left <= 0) return MP_ETIMEDOUT;
        }
        struct pollfd ended = {.fd = process->exit_fd, .events = POLLIN};
        if (pause_ms > 0) {
            ended.fd = -1;
            if (left < 0 || left > pause_ms) left = pause_ms;
        }
        const int n = mp_priv_sys.poll(&ended, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (n < 0 && errno != EINTR) return -errno;
        if (n > 0 && (ended.revents & POLLNVAL) != 0) return MP_EBADF;
        /* A child that ended under a debugger is not ours to reap before the debugger lets go. */
        pause_ms = n > 0 && look(process, NULL) == MP_ETIMEDOUT ? 10 : 0;
    }
}

int mp_priv_process_wait_gone(mp_process *process, int timeout_ms)
{
    /* An ordinary child's status is lost only when it has ended. */
    if (process->server == NULL) return 0;
    if (process->pidfd < 0) return MP_ECHILD;
    const int64_t deadline = mp_priv_now_ms() + timeout_ms;
    for (;;) {
        struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
        const int64_t left = timeout_ms < 0 ? -1 : deadline - mp_priv_now_ms();
        const int n = mp_priv_sys.poll(&ended, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);
        if (n > 0) return 0;
        if (n == 0) return MP_ETIMEDOUT;
        if (errno != EINTR) return -errno;
    }
}

int mp_process_wait(mp_process *process, int timeout_ms, mp_exit *ret_exit, mp_error *reterr)
{
    if (process == NULL) return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "wait: process is NULL");
    if (timeout_ms < -1) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "wait: timeout %d", timeout_ms);
    }
    const int saved = errno;
    const int r = wait_until(process, timeout_ms, ret_exit);
    errno = saved;
    return r < 0 ? mp_priv_fail(reterr, r, MP_STAGE_WAIT, "wait for process %d", process->pid) : 0;
}

int mp_process_pid(const mp_process *process)
{
    return process == NULL ? MP_EINVAL : process->pid;
}

mp_handle mp_process_exit_fd(const mp_process *process)
{
    return process == NULL ? MP_HANDLE_INVALID : process->exit_fd;
}

/* What a function below says if only the server can send the signal. */
enum { ASK_SERVER = 1 };

/* By a sandbox, which knows no pidfds; "not permitted" may also be what it says. */
static bool is_forbidden(int err)
{
    return err == ENOSYS || err == EPERM;
}

/* Under the lock, as reaping is: until then the number is our child's. A private child is the server's; one whose server
 * has ended may run on. */
static int signal_child(const mp_process *process, int signal)
{
    const bool lost = process->server != NULL && process->exit.how == MP_EXIT_LOST;
    if (process->released || (process->reaped && !lost)) return MP_ESRCH;
    if (process->pidfd >= 0) {
        if (mp_priv_sys.pidfd_send_signal(process->pidfd, signal, 0) == 0) return 0;
        if (lost || !is_forbidden(errno)) return -errno;
    }
    if (process->server != NULL) return ASK_SERVER;
    return mp_priv_sys.kill(process->pid, signal) < 0 ? -errno : 0;
}

/* Under the lock. The pidfd stands for the group even when its leader is gone; the number may be another
 * group's then. */
static int signal_group(const mp_process *process, int signal)
{
    if (process->released) return MP_ESRCH;
    if (process->pidfd >= 0) {
        if (mp_priv_sys.pidfd_send_signal(process->pidfd, signal, MP_PRIV_PIDFD_SIGNAL_GROUP) == 0) return 0;
        if (errno != EINVAL && !is_forbidden(errno)) return -errno; /* EINVAL: before Linux 6.9 */
    }
    if (process->reaped) return MP_ESRCH;
    if (process->server != NULL) return ASK_SERVER;
    return mp_priv_sys.kill(-process->pid, signal) < 0 ? -errno : 0;
}

static int send_signal(mp_process *process, int signal, bool group)
{
    const int saved = errno;
    pthread_mutex_lock(&process->lock);
    int r = group ? signal_group(process, signal) : signal_child(process, signal);
    pthread_mutex_unlock(&process->lock);
    if (r == ASK_SERVER) r = mp_priv_link_kill(process->server, process->serial, signal, group);
    errno = saved;
    return r;
}

int mp_process_kill(mp_process *process, int signal)
{
    return process == NULL ? MP_EINVAL : send_signal(process, signal, false);
}

int mp_process_kill_group(mp_process *process, int signal)
{
    return process == NULL || !process->leads_group ? MP_EINVAL : send_signal(process, signal, true);
}

static int set_on_exit(mp_process *process, mp_process_exit_fn *callback, void *user)
{
    pthread_mutex_lock(&process->lock);
    const int r = process->released ? MP_ECHILD : process->on_exit != NULL ? MP_EALREADY : 0;
    if (r == 0) {
        process->on_exit = callback;
        process->on_exit_user = user;
    }
    pthread_mutex_unlock(&process->lock);
    return r;
}

static int start_on_exit(mp_process *process)
{
    const int r = mp_priv_reaper_adopt(mp_priv_process_hold(process));
    if (r == 0 || !mp_priv_reaper_drop(process)) return 0;
    pthread_mutex_lock(&process->lock);
    process->on_exit = NULL;
    pthread_mutex_unlock(&process->lock);
    mp_priv_process_drop(process);
    return r;
}

int mp_process_on_exit(mp_process *process, mp_process_exit_fn *callback, void *user, mp_error *reterr)
{
    if (process == NULL || callback == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "on exit: an argument is NULL");
    }
    const int saved = errno;
    const int pid = process->pid;
    int r = set_on_exit(process, callback, user);
    if (r == 0) r = start_on_exit(process);
    errno = saved;
    return r < 0 ? mp_priv_fail(reterr, r, MP_STAGE_WAIT, "on exit of process %d", pid) : 0;
}

void mp_priv_process_set_output(mp_process *process, int number, mp_socket socket)
{
    process->output[number - 1] = socket;
}

int mp_process_take_output(mp_process *process, int stream, mp_socket *ret_socket)
{
    if (process == NULL || stream < 1 || stream > 2 || ret_socket == NULL) return MP_EINVAL;
    pthread_mutex_lock(&process->lock);
    const int fd = process->output[stream - 1];
    process->output[stream - 1] = -1;
    pthread_mutex_unlock(&process->lock);
    if (fd < 0) return MP_ENOENT;
    *ret_socket = fd;
    return 0;
}

int mp_process_release(mp_process *process, mp_process_id *ret_id)
{
    if (process == NULL || ret_id == NULL) return MP_EINVAL;
    if (process->server != NULL) return MP_ENOTSUP;
    int r = MP_ECHILD;
    pthread_mutex_lock(&process->lock);
    if (!process->reaped && !process->released) {
        process->released = true;
        *ret_id = process->pid;
        r = 0;
    }
    pthread_mutex_unlock(&process->lock);
    return r;
}

mp_process *mp_priv_process_hold(mp_process *process)
{
    atomic_fetch_add_explicit(&process->n_ref, 1, memory_order_relaxed);
    return process;
}

void mp_priv_process_drop(mp_process *process)
{
    if (atomic_fetch_sub_explicit(&process->n_ref, 1, memory_order_acq_rel) != 1) return;
    /* A copy of the handle in a forked process has no child to reap. */
    if (is_ours(process) && process->started && !process->released && !mp_priv_process_is_over(look(process, NULL))) {
        (void)mp_priv_reaper_adopt(mp_priv_process_hold(process));
    } else {
        process_free(process);
    }
}

mp_process *mp_process_ref(mp_process *process)
{
    if (process == NULL) return NULL;
    atomic_fetch_add_explicit(&process->n_user, 1, memory_order_relaxed);
    return mp_priv_process_hold(process);
}

mp_process *mp_process_unref(mp_process *process)
{
    if (process == NULL) return NULL;
    const int saved = errno;
    const bool last = atomic_fetch_sub_explicit(&process->n_user, 1, memory_order_acq_rel) == 1;
    if (last && is_ours(process)) {
        if (process->kill_on_unref) (void)mp_process_kill(process, SIGKILL);
        pthread_mutex_lock(&process->lock);
        close_outputs(process);
        pthread_mutex_unlock(&process->lock);
    } else if (last) {
        close_outputs(process);
    }
    mp_priv_process_drop(process);
    errno = saved;
    return NULL;
}
