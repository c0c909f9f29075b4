#define _GNU_SOURCE
#include <mp/process/launch_posix.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/keeper_posix.h>
#include <mp/process/plan_posix.h>
#include <mp/process/private_posix.h>
#include <mp/process/process_posix.h>
#include <mp/process/sys.h>

/* A detached child has a parent of its own, which has a stack too. */
enum { CHILD_STACK_SIZE = 64 * 1024, STACKS_SIZE = 128 * 1024, OPERAND_MAX = 30 };

struct launch {
    const struct mp_priv_spawn *spawn;
    struct mp_priv_plan plan;
    int null_fd;
    int report[2]; /* the child writes why it failed; exec closes it */
    void *stack;
    bool with_pidfd;
    int cloned; /* 0 or a negative status */
    int pid;
    int pidfd;
};

static struct mp_priv_quoted program_of(const struct launch *l, size_t max)
{
    return mp_priv_quote(l->spawn->options.argv[0], max);
}

static bool wants_null(const mp_spawn_options *options)
{
    for (int i = 0; i < 3; i++) {
        if (options->stdio[i].kind == MP_STDIO_NULL) return true;
    }
    return false;
}

/* Everything that can fail in the parent, before there is a child. */
static int prepare(struct launch *l, mp_error *reterr)
{
    if (wants_null(&l->spawn->options)) {
        l->null_fd = mp_priv_sys.open_null();
        if (l->null_fd < 0) {
            return mp_priv_fail(reterr, -errno, MP_STAGE_STDIO, "spawn %s: null device", program_of(l, 50).text);
        }
    }
    if (mp_priv_sys.make_pipe(l->report) < 0) {
        const int status = -errno;
        l->report[0] = l->report[1] = -1;
        return mp_priv_fail(reterr, status, MP_STAGE_FORK, "spawn %s: report pipe", program_of(l, 50).text);
    }
    const int r = mp_priv_plan_make(&l->plan, l->spawn, l->null_fd, l->report[1]);
    if (r < 0) return mp_priv_fail(reterr, r, MP_STAGE_MEMORY, "spawn %s", program_of(l, 60).text);
    l->stack = mp_priv_sys.map_stack(STACKS_SIZE);
    if (l->spawn->detached) l->plan.child.detached_stack = (char *)l->stack + STACKS_SIZE;
    if (l->stack == NULL) return mp_priv_fail(reterr, -errno, MP_STAGE_MEMORY, "spawn %s", program_of(l, 60).text);
    return 0;
}

/* Best first; the next one only if the system refuses the flags themselves. Without an exit signal a
 * child that fails to execute its program stays unseen by the application's SIGCHLD handler and
 * waitpid(-1); exec sets the signal to SIGCHLD. */
static int clone_with_fallbacks(struct launch *l)
{
    static const int flags[] = {MP_PRIV_CLONE_VM | MP_PRIV_CLONE_VFORK, MP_PRIV_CLONE_VFORK, 0};
    /* The spawn server has nobody to hide it from, and must learn of a child that is killed before it executes. */
    const int exit_signal = l->spawn->by_server ? SIGCHLD : 0;
    void *stack_top = (char *)l->stack + CHILD_STACK_SIZE;
    const int n_flags = (int)(sizeof(flags) / sizeof(flags[0]));
    /* Memory is not shared with another user's process, who could change it; and the system would take our
     * own process for one that changes users from then on. */
    const bool other_user = (l->plan.child.flags & (MP_SPAWN_SET_UID | MP_SPAWN_SET_GID)) != 0;
    for (int i = other_user ? 1 : 0; i < n_flags; i++) {
        for (int pidfd = l->with_pidfd ? MP_PRIV_CLONE_PIDFD : 0;; pidfd = 0) {
            l->pid = mp_priv_sys.clone_child(mp_priv_child_run, stack_top, flags[i] | pidfd | exit_signal, &l->plan.child, &l->pidfd);
            if (l->pid >= 0) return 0;
            if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return -errno;
            if (pidfd == 0) break;
        }
    }
    return -errno;
}

static void clone_masked(void *arg)
{
    struct launch *l = arg;
    sigset_t all, before;
    sigfillset(&all);
    /* Until the child has reset them, its handlers are the application's. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    l->cloned = clone_with_fallbacks(l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int make_child(struct launch *l)
{
    /* Its parent is the thread that makes it. */
    const bool keep = (l->plan.child.flags & MP_SPAWN_DIE_WITH_PARENT) != 0 && !l->spawn->by_server;
    if (keep) {
        const int r = mp_priv_keeper_run(clone_masked, l);
        if (r < 0) return r;
    } else {
        clone_masked(l);
    }
    return l->cloned;
}

/* Take the status of a child that will not become a process of the caller. */
static void reap_own(const struct launch *l)
{
    siginfo_t info;
    struct rusage usage;
    bool by_pidfd = l->pidfd >= 0;
    for (int tries = 0; tries < 3; tries += errno != EINTR) {
        const int r = mp_priv_sys.waitid(by_pidfd ? MP_PRIV_P_PIDFD : P_PID, by_pidfd ? l->pidfd : l->pid, &info,
                                         WEXITED | MP_PRIV_WAIT_ALL, &usage);
        if (r == 0 || errno == ECHILD) return;
        by_pidfd = by_pidfd && errno == EINTR; /* refused: the number is still the child's */
    }
}

static int fail_as_reported(const struct launch *l, const struct mp_priv_child_report *report, mp_error *reterr)
{
    const int status = -report->err;
    const mp_stage stage = (mp_stage)report->stage;
    switch (stage) {
    case MP_STAGE_EXEC:
        return mp_priv_fail(reterr, status, stage, "spawn %s", program_of(l, 70).text);
    case MP_STAGE_CHDIR:
        if (l->spawn->options.cwd == NULL) {
            return mp_priv_fail(reterr, status, stage, "spawn %s: working directory", program_of(l, OPERAND_MAX).text);
        }
        return mp_priv_fail(reterr, status, stage, "spawn %s: working directory %s", program_of(l, OPERAND_MAX).text,
                            mp_priv_quote(l->spawn->options.cwd, OPERAND_MAX).text);
    case MP_STAGE_STDIO:
    case MP_STAGE_DESCRIPTOR:
        return mp_priv_fail(reterr, status, stage, "spawn %s: descriptor %d in the child", program_of(l, 40).text,
                            (int)report->operand);
    case MP_STAGE_LIMIT:
        return mp_priv_fail(reterr, status, stage, "spawn %s: limit of resource %d", program_of(l, 40).text,
                            (int)report->operand);
    case MP_STAGE_PRIORITY:
        return mp_priv_fail(reterr, status, stage, "spawn %s: niceness %d", program_of(l, 40).text,
                            (int)report->operand);
    case MP_STAGE_USER:
        if (report->operand < 0) {
            return mp_priv_fail(reterr, status, stage, "spawn %s: dropping groups", program_of(l, 40).text);
        }
        return mp_priv_fail(reterr, status, stage, "spawn %s: user or group %d", program_of(l, 40).text,
                            (int)report->operand);
    case MP_STAGE_GROUP:
        return mp_priv_fail(reterr, status, stage, "spawn %s: process group", program_of(l, 40).text);
    default:
        return mp_priv_fail(reterr, status, stage, "spawn %s: preparing the child", program_of(l, 40).text);
    }
}

/* Returns 1 if the child failed and *report says why, 0 if its program runs, or a negative status. */
static int read_report(struct launch *l, struct mp_priv_child_report *report)
{
    /* A child on our memory has executed or ended by now: an empty pipe is the answer even if another
     * process holds a copy of its write end (the application may have forked meanwhile). */
    if (l->plan.child.shares_memory) {
        struct pollfd readable = {.fd = l->report[0], .events = POLLIN};
        int r;
        while ((r = mp_priv_sys.poll(&readable, 1, 0)) < 0 && errno == EINTR) {}
        if (r < 0) return -errno;
        if ((readable.revents & POLLIN) == 0) return 0;
    }
    ssize_t n;
    while ((n = mp_priv_sys.read(l->report[0], report, sizeof(*report))) < 0 && errno == EINTR) {}
    return n < 0 ? -errno : n == (ssize_t)sizeof(*report);
}

/* The child exists: learn whether its program runs, and be ready to watch it. */
static int confirm(struct launch *l, mp_error *reterr)
{
    struct mp_priv_child_report report = {0};
    int r = read_report(l, &report);
    if (r == 1) {
        r = fail_as_reported(l, &report, reterr);
        goto undo;
    }
    if (r < 0) {
        mp_priv_fail(reterr, r, MP_STAGE_FORK, "spawn %s: report pipe", program_of(l, 50).text);
        goto undo;
    }
    if (l->with_pidfd && l->pidfd < 0 && (l->pidfd = mp_priv_sys.pidfd_open(l->pid)) < 0) {
        r = mp_priv_fail(reterr, -errno, MP_STAGE_FORK, "spawn %s: pidfd", program_of(l, 50).text);
        goto undo;
    }
    if (l->spawn->detached) reap_own(l); /* who made it */
    return 0;
undo:
    (void)kill(l->pid, SIGKILL); /* ours and not waited for yet: the number can't be a stranger's */
    reap_own(l);
    return r;
}

static int launch(struct launch *l, mp_error *reterr)
{
    int r = prepare(l, reterr);
    if (r < 0) return r;
    r = make_child(l);
    if (r < 0) return mp_priv_fail(reterr, r, MP_STAGE_FORK, "spawn %s: fork", program_of(l, 50).text);
    l->report[1] = mp_priv_fd_close(l->report[1]);
    return confirm(l, reterr);
}

int mp_priv_child_start(const struct mp_priv_spawn *spawn, bool with_pidfd, struct mp_priv_child *ret_child,
                        mp_error *reterr)
{
    int cancel_state;
    struct launch l = {.spawn = spawn, .null_fd = -1, .report = {-1, -1}, .pidfd = -1, .with_pidfd = with_pidfd};
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    const int r = launch(&l, reterr);
    if (r == 0) {
        *ret_child = (struct mp_priv_child){l.pid, l.pidfd};
        l.pidfd = -1;
    }
    if (l.stack != NULL) munmap(l.stack, STACKS_SIZE);
    mp_priv_plan_free(&l.plan);
    mp_priv_fd_close(l.null_fd);
    mp_priv_fd_close(l.report[0]);
    mp_priv_fd_close(l.report[1]);
    mp_priv_fd_close(l.pidfd);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return r;
}

int mp_priv_launch_child(const struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr)
{
    if ((spawn->options.flags & MP_SPAWN_PRIVATE) != 0) return mp_priv_launch_private(spawn, ret_process, reterr);
    const int saved = errno;
    struct mp_priv_child child = {-1, -1};
    mp_process *process;
    mp_priv_reaper_retry();
    int r = mp_priv_process_new(false, &process);
    if (r < 0) {
        mp_priv_fail(reterr, r, MP_STAGE_FORK, "spawn %s: watching the child",
                     mp_priv_quote(spawn->options.argv[0], 50).text);
    } else if ((r = mp_priv_child_start(spawn, process->watch_fd < 0, &child, reterr)) < 0) {
        mp_priv_process_discard(process);
    } else {
        mp_priv_process_set_child(process, spawn->options.flags, child.pid, child.pidfd);
        *ret_process = process;
    }
    errno = saved;
    return r;
}
