/* Watching a child without a pidfd: one thread for each, which waits for its number without reaping. So the
 * number stays the child's until somebody asks for its end, which happens under the lock that also covers
 * kill. Limit: if the application takes the status itself, a signal sent at that moment may reach whoever
 * has the number next. */
#define _GNU_SOURCE
#include <mp/process/process_posix.h>

#include <errno.h>
#include <sys/wait.h>

#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

enum { RETRY_MS = 10 };

static bool await_start(mp_process *process)
{
    pthread_mutex_lock(&process->lock);
    while (!process->started && !process->discarded) pthread_cond_wait(&process->start, &process->lock);
    const bool started = process->started;
    pthread_mutex_unlock(&process->lock);
    return started;
}

/* Returns when the child has ended or is not ours any more. */
static void await_end(const mp_process *process)
{
    const int options = WEXITED | WNOWAIT | MP_PRIV_WAIT_ALL;
    siginfo_t info;
    struct rusage usage;
    while (mp_priv_sys.waitid(P_PID, process->pid, &info, options, &usage) < 0 && errno != ECHILD) {
        if (errno != EINTR) (void)poll(NULL, 0, RETRY_MS); /* the system could not tell */
    }
}

static void *watch(void *arg)
{
    mp_process *process = arg;
    if (await_start(process)) {
        await_end(process);
        process->watch_fd = mp_priv_fd_close(process->watch_fd);
    }
    mp_priv_process_drop(process);
    return NULL;
}

int mp_priv_watch_start(mp_process *process)
{
    int fd[2];
    if (mp_priv_sys.make_pipe(fd) < 0) return -errno;
    process->exit_fd = fd[0];
    process->watch_fd = fd[1];
    mp_priv_process_hold(process);
    if (mp_priv_sys.thread_start(watch, process) < 0) {
        const int status = -errno;
        atomic_fetch_sub_explicit(&process->n_ref, 1, memory_order_relaxed);
        return status;
    }
    return 0;
}
