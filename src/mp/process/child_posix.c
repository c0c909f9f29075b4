/* Runs in the child, on the parent's memory with all signals blocked, while the calling thread of the
 * parent is suspended and its other threads go on. So: no libc call that locks, allocates, may be a
 * cancellation point or is wrapped by a sanitizer, and nothing written but the stack, errno and the
 * plan. Compiled without instrumentation. */
#define _GNU_SOURCE
#include <mp/process/child_posix.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <mp/c/error.h>

#ifdef __linux__
#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define CALL(name, ...) syscall(SYS_##name, __VA_ARGS__)

#define SIGSET_SIZE ((size_t)_NSIG / 8)
#define SIGNAL_LAST ((int)(8 * SIGSET_SIZE))

/* The kernel's struct sigaction; room for every architecture behind the handler. */
struct kernel_sigaction {
#ifdef __mips__
    unsigned int flags;
#endif
    void (*handler)(int);
    unsigned long rest[8];
};

static int signal_get(int number, void (**ret_handler)(int))
{
    struct kernel_sigaction action;
    if (CALL(rt_sigaction, number, NULL, &action, SIGSET_SIZE) < 0) return -1;
    *ret_handler = action.handler;
    return 0;
}

static int signal_set_default(int number)
{
    const struct kernel_sigaction action = {.handler = SIG_DFL};
    return (int)CALL(rt_sigaction, number, &action, NULL, SIGSET_SIZE);
}

static int mask_set(const sigset_t *mask)
{
    return (int)CALL(rt_sigprocmask, SIG_SETMASK, mask, NULL, SIGSET_SIZE);
}

static int move_fd(const struct mp_priv_child_move *m)
{
    if (m->from == m->to) return (int)CALL(fcntl, m->to, F_SETFD, 0L);
    return (int)CALL(dup3, m->from, m->to, m->close_on_exec ? O_CLOEXEC : 0);
}

static int close_between(int first, unsigned last)
{
    return (int)CALL(close_range, first, last, 0);
}

static _Noreturn void leave(void)
{
    for (;;) CALL(exit_group, 127);
}

#else

#define CALL(name, ...) name(__VA_ARGS__)

enum { SIGNAL_LAST = 31 };

static int signal_get(int number, void (**ret_handler)(int))
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) < 0) return -1;
    *ret_handler = action.sa_handler;
    return 0;
}

static int signal_set_default(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    return sigaction(number, &action, NULL);
}

static int mask_set(const sigset_t *mask)
{
    return sigprocmask(SIG_SETMASK, mask, NULL);
}

static int move_fd(const struct mp_priv_child_move *m)
{
    if (m->from == m->to) return fcntl(m->to, F_SETFD, 0);
    if (dup2(m->from, m->to) < 0) return -1;
    return m->close_on_exec ? fcntl(m->to, F_SETFD, FD_CLOEXEC) : 0;
}

static int close_between(int first, unsigned last)
{
    (void)first;
    (void)last;
    return -1;
}

static _Noreturn void leave(void)
{
    _exit(127);
}

#endif

static _Noreturn void fail(const struct mp_priv_child_plan *plan, mp_stage stage, int operand)
{
    const struct mp_priv_child_report report = {(int32_t)stage, errno, operand};
    while (CALL(write, plan->report_fd, &report, sizeof(report)) < 0 && errno == EINTR) {}
    leave();
}

/* Handlers of the parent must be gone before the mask opens: they would run in the parent's memory. */
static int reset_signals(const struct mp_priv_child_plan *plan)
{
    for (int number = 1; number <= SIGNAL_LAST; number++) {
        void (*handler)(int) = SIG_DFL;
        if (number == SIGKILL || number == SIGSTOP) continue;
        if (signal_get(number, &handler) < 0) continue; /* a number that the system lacks */
        if (handler == SIG_DFL || (handler == SIG_IGN && plan->keep_ignored)) continue;
        if (signal_set_default(number) < 0) return -1;
    }
    return 0;
}

static bool is_kept(const struct mp_priv_child_plan *plan, int fd)
{
    size_t low = 0, high = plan->n_keep;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (plan->keep[middle] < fd) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < plan->n_keep && plan->keep[low] == fd;
}

static int close_by_range(const struct mp_priv_child_plan *plan)
{
    int next = 0;
    for (size_t i = 0; i < plan->n_keep; i++) {
        if (plan->keep[i] > next && close_between(next, (unsigned)plan->keep[i] - 1) < 0) return -1;
        next = plan->keep[i] + 1;
    }
    return close_between(next, ~0U);
}

#ifdef __linux__
struct kernel_dirent {
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

static int parse_fd(const char *name)
{
    int fd = 0;
    if (*name == '\0') return -1;
    for (; *name != '\0'; name++) {
        if (*name < '0' || *name > '9') return -1;
        fd = fd * 10 + (*name - '0');
    }
    return fd;
}

/* Linux before 5.9, and filters that refuse close_range. Remove when Linux 5.9 is the minimum. */
static int close_by_list(const struct mp_priv_child_plan *plan)
{
    _Alignas(uint64_t) char buffer[2048];
    const int dir = (int)CALL(openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return -1;
    long length;
    while ((length = CALL(getdents64, dir, buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < length;) {
            const struct kernel_dirent *entry = (const struct kernel_dirent *)(buffer + at);
            const int fd = parse_fd(entry->name);
            if (fd >= 0 && fd != dir && !is_kept(plan, fd)) CALL(close, fd);
            at += entry->size;
        }
    }
    CALL(close, dir);
    return length < 0 ? -1 : 0;
}
#else
static int close_by_list(const struct mp_priv_child_plan *plan)
{
    (void)plan;
    return -1;
}
#endif

static void close_others(const struct mp_priv_child_plan *plan)
{
    if (close_by_range(plan) == 0 || close_by_list(plan) == 0) return;
    for (int fd = 0; fd < plan->fd_limit; fd++) {
        if (!is_kept(plan, fd)) CALL(close, fd);
    }
}

/* Only returns if no candidate could be executed. One that exists but is forbidden decides the error. */
static void exec_first(const struct mp_priv_child_plan *plan)
{
    int err = ENOENT;
    for (size_t i = 0; i < plan->n_paths; i++) {
        CALL(execve, plan->paths[i], (char *const *)plan->argv, (char *const *)plan->envp);
        const bool go_on = errno == EACCES || errno == ENOENT || errno == ENOTDIR || errno == ESTALE ||
                           errno == ENODEV || errno == ETIMEDOUT;
        if (plan->n_paths == 1 || !go_on) return;
        if (errno == EACCES) err = EACCES;
    }
    errno = err;
}

int mp_priv_child_run(void *arg)
{
    struct mp_priv_child_plan *plan = arg;
    plan->shares_memory = true;
    if (plan->report_move.from != plan->report_move.to) {
        if (move_fd(&plan->report_move) < 0) fail(plan, MP_STAGE_FORK, 0);
        plan->report_fd = plan->report_move.to;
    }
    if (reset_signals(plan) < 0) fail(plan, MP_STAGE_SIGNAL, 0);
    for (size_t i = 0; i < plan->n_moves; i++) {
        const int to = plan->moves[i].to;
        if (move_fd(&plan->moves[i]) < 0) fail(plan, to < 3 ? MP_STAGE_STDIO : MP_STAGE_DESCRIPTOR, to);
    }
    close_others(plan);
    if (plan->cwd != NULL && CALL(chdir, plan->cwd) < 0) fail(plan, MP_STAGE_CHDIR, 0);
    if (mask_set(&plan->mask) < 0) fail(plan, MP_STAGE_SIGNAL, 0);
    exec_first(plan);
    fail(plan, MP_STAGE_EXEC, 0);
}
