/* Runs in the child, on the parent's memory with all signals blocked, while the calling thread of the
 * parent is suspended and its other threads go on. So: no libc call that locks, allocates, may be a
 * cancellation point or is wrapped by a sanitizer, and nothing written but the stack, errno and the
 * plan. Compiled without instrumentation. */
#define _GNU_SOURCE
#include <mp/process/child_posix.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mp/c/process.h>
#include <mp/process/sys.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define CALL(name, ...) syscall(SYS_##name, __VA_ARGS__)
#define CALL0(name) syscall(SYS_##name)

#define SIGSET_SIZE ((size_t)_NSIG / 8)
#define SIGNAL_LAST ((int)(8 * (SIGSET_SIZE < 8 ? SIGSET_SIZE : 8)))

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

static int signal_set(int number, void (*handler)(int))
{
    const struct kernel_sigaction action = {.handler = handler};
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

/* Architectures of 32 bits have had numbers of 16 bits for users first. */
#ifdef SYS_setresuid32
#define SYS_set_groups SYS_setgroups32
#define SYS_set_gid SYS_setresgid32
#define SYS_set_uid SYS_setresuid32
#else
#define SYS_set_groups SYS_setgroups
#define SYS_set_gid SYS_setresgid
#define SYS_set_uid SYS_setresuid
#endif

static int groups_drop(void)
{
    return (int)CALL(set_groups, 0L, NULL);
}

static int gid_set(uint32_t gid)
{
    return (int)CALL(set_gid, gid, gid, gid);
}

static int uid_set(uint32_t uid)
{
    return (int)CALL(set_uid, uid, uid, uid);
}

static int limit_set(const mp_resource_limit *limit)
{
    const uint64_t kernel_limit[2] = {limit->soft, limit->hard};
    return (int)CALL(prlimit64, 0L, limit->resource, kernel_limit, NULL);
}

static int priority_set(int priority)
{
    return (int)CALL(setpriority, PRIO_PROCESS, 0L, priority);
}

static int die_with_parent(void)
{
    return (int)CALL(prctl, PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
}

static _Noreturn void leave(int code)
{
    for (;;) CALL(exit_group, code);
}

static int clone_onto(void *stack, int (*run)(void *), struct mp_priv_child_plan *plan)
{
    if (MP_PRIV_CLONE(run, stack, MP_PRIV_CLONE_VM | MP_PRIV_CLONE_VFORK, plan) >= 0) return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return -1;
    /* It is not done with the memory, or not done at all, when this returns. */
    plan->shares_memory = false;
    return MP_PRIV_CLONE(run, stack, 0, plan) < 0 ? -1 : 0;
}

#else
#include <grp.h>
#ifdef __FreeBSD__
#include <sys/procctl.h>
#endif

#define CALL(name, ...) name(__VA_ARGS__)
#define CALL0(name) name()

enum { SIGNAL_LAST = 31 };

static int signal_get(int number, void (**ret_handler)(int))
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) < 0) return -1;
    *ret_handler = action.sa_handler;
    return 0;
}

static int signal_set(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
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

static int groups_drop(void)
{
    return setgroups(0, NULL);
}

static int gid_set(uint32_t gid)
{
    return setgid((gid_t)gid);
}

static int uid_set(uint32_t uid)
{
    return setuid((uid_t)uid);
}

static int limit_set(const mp_resource_limit *limit)
{
    struct rlimit system_limit;
    system_limit.rlim_cur = limit->soft == MP_RESOURCE_UNLIMITED ? RLIM_INFINITY : (rlim_t)limit->soft;
    system_limit.rlim_max = limit->hard == MP_RESOURCE_UNLIMITED ? RLIM_INFINITY : (rlim_t)limit->hard;
    return setrlimit(limit->resource, &system_limit);
}

static int priority_set(int priority)
{
    return setpriority(PRIO_PROCESS, 0, priority);
}

static int die_with_parent(void)
{
#ifdef __FreeBSD__
    int signal = SIGKILL;
    return procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &signal);
#else
    errno = ENOSYS;
    return -1;
#endif
}

static _Noreturn void leave(int code)
{
    _exit(code);
}

static int clone_onto(void *stack, int (*run)(void *), struct mp_priv_child_plan *plan)
{
    (void)stack;
    const pid_t pid = fork();
    if (pid == 0) run(plan);
    return pid < 0 ? -1 : 0;
}

#endif

static _Noreturn void fail(const struct mp_priv_child_plan *plan, mp_stage stage, int operand)
{
    const struct mp_priv_child_report report = {(int32_t)stage, errno, operand};
    while (CALL(write, plan->report_fd, &report, sizeof(report)) < 0 && errno == EINTR) {}
    leave(127);
}

/* Handlers of the parent must be gone before the mask opens: they would run in the parent's memory. */
static int reset_signals(const struct mp_priv_child_plan *plan)
{
    for (int number = 1; number <= SIGNAL_LAST; number++) {
        void (*handler)(int) = SIG_DFL;
        if (number == SIGKILL || number == SIGSTOP) continue;
        if (signal_get(number, &handler) < 0) continue; /* a number that the system lacks */
        void (*const wanted)(int) = (plan->ignored >> (number - 1) & 1) != 0 ? SIG_IGN : SIG_DFL;
        if (handler != wanted && signal_set(number, wanted) < 0) return -1;
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

static bool has(const struct mp_priv_child_plan *plan, uint64_t flag)
{
    return (plan->flags & flag) != 0;
}

static void enter_group(const struct mp_priv_child_plan *plan)
{
    if (has(plan, MP_SPAWN_OWN_SESSION)) {
        if (CALL0(setsid) < 0) fail(plan, MP_STAGE_GROUP, 0);
    } else if (has(plan, MP_SPAWN_OWN_GROUP)) {
        if (CALL(setpgid, 0L, 0L) < 0) fail(plan, MP_STAGE_GROUP, 0);
    }
}

/* What needs the parent's privilege comes before that is given up. */
static void set_resources(const struct mp_priv_child_plan *plan)
{
    for (size_t i = 0; i < plan->n_limits; i++) {
        if (limit_set(&plan->limits[i]) < 0) fail(plan, MP_STAGE_LIMIT, plan->limits[i].resource);
    }
    if (plan->set_priority && priority_set(plan->priority) < 0) fail(plan, MP_STAGE_PRIORITY, plan->priority);
    if (has(plan, MP_SPAWN_SET_UMASK)) CALL(umask, plan->umask);
}

static void change_user(const struct mp_priv_child_plan *plan)
{
    if (has(plan, MP_SPAWN_SET_UID | MP_SPAWN_SET_GID) && groups_drop() < 0) fail(plan, MP_STAGE_USER, -1);
    if (has(plan, MP_SPAWN_SET_GID) && gid_set(plan->gid) < 0) fail(plan, MP_STAGE_USER, (int32_t)plan->gid);
    if (has(plan, MP_SPAWN_SET_UID) && uid_set(plan->uid) < 0) fail(plan, MP_STAGE_USER, (int32_t)plan->uid);
}

/* After a change of user, which takes it back. */
static void tie_to_parent(const struct mp_priv_child_plan *plan)
{
    if (!has(plan, MP_SPAWN_DIE_WITH_PARENT)) return;
    if (die_with_parent() < 0) fail(plan, MP_STAGE_PARENT, 0);
    /* It may have ended before. */
    if (CALL0(getppid) != plan->parent) leave(127);
}

static int run(void *arg)
{
    struct mp_priv_child_plan *plan = arg;
    if (plan->report_move.from != plan->report_move.to) {
        if (move_fd(&plan->report_move) < 0) fail(plan, MP_STAGE_FORK, 0);
        plan->report_fd = plan->report_move.to;
    }
    if (reset_signals(plan) < 0) fail(plan, MP_STAGE_SIGNAL, 0);
    if (plan->start_dir >= 0 && CALL(fchdir, plan->start_dir) < 0) fail(plan, MP_STAGE_CHDIR, 0);
    for (size_t i = 0; i < plan->n_moves; i++) {
        const int to = plan->moves[i].to;
        if (move_fd(&plan->moves[i]) < 0) fail(plan, to < 3 ? MP_STAGE_STDIO : MP_STAGE_DESCRIPTOR, to);
    }
    close_others(plan);
    enter_group(plan);
    set_resources(plan);
    change_user(plan);
    tie_to_parent(plan);
    if (plan->cwd != NULL && CALL(chdir, plan->cwd) < 0) fail(plan, MP_STAGE_CHDIR, 0);
    if (mask_set(&plan->mask) < 0) fail(plan, MP_STAGE_SIGNAL, 0);
    exec_first(plan);
    fail(plan, MP_STAGE_EXEC, 0);
}

int mp_priv_child_run(void *arg)
{
    struct mp_priv_child_plan *plan = arg;
    plan->shares_memory = true;
    if (plan->detached_stack == NULL) return run(plan);
    if (clone_onto(plan->detached_stack, run, plan) < 0) fail(plan, MP_STAGE_FORK, 0);
    leave(0);
}
