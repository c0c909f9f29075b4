/* Children whose last reference was dropped while they ran. One thread polls their pidfds; it exists as
 * long as there are such children. If it can't be started now, the next spawn or unref tries again. */
#define _GNU_SOURCE
#include <mp/process/process_posix.h>

#include <errno.h>
#include <unistd.h>

#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

enum { RETRY_MS = 100, HELD_BACK_MS = 10 };

static struct {
    pthread_mutex_t lock;
    mp_process *list;
    int epoll;
    int owner; /* after a fork the list is the parent's */
    bool runs;
} reaper = {.lock = PTHREAD_MUTEX_INITIALIZER, .epoll = -1};

/* Frees what has ended. Returns how many. */
static int sweep(void)
{
    int n = 0;
    for (mp_process **link = &reaper.list; *link != NULL;) {
        mp_process *process = *link;
        pthread_mutex_lock(&process->lock);
        const int r = mp_priv_process_poll(process);
        pthread_mutex_unlock(&process->lock);
        if (r < 0 && r != MP_EBADF) { /* it runs, or the system could not tell */
            link = &process->next;
            continue;
        }
        *link = process->next;
        /* A copy of the pidfd in another process would keep it in the epoll set after the close. */
        if (process->is_polled) mp_priv_epoll_remove(reaper.epoll, process->pidfd);
        mp_priv_process_free(process);
        n++;
    }
    return n;
}

/* Returns whether all pidfds are polled. Without that the thread looks at them now and then. */
static bool poll_all(void)
{
    if (reaper.epoll < 0 && (reaper.epoll = mp_priv_sys.epoll_make()) < 0) return false;
    bool all = true;
    for (mp_process *process = reaper.list; process != NULL; process = process->next) {
        if (!process->is_polled) process->is_polled = mp_priv_sys.epoll_add(reaper.epoll, process->pidfd) == 0;
        all = all && process->is_polled;
    }
    return all;
}

static void *run(void *arg)
{
    (void)arg;
    int n_ready = 0;
    pthread_mutex_lock(&reaper.lock);
    for (;;) {
        const int n_freed = sweep();
        if (reaper.list == NULL) break;
        const bool all_polled = poll_all();
        struct pollfd any = {.fd = reaper.epoll, .events = POLLIN};
        pthread_mutex_unlock(&reaper.lock);
        if (n_ready > 0 && n_freed == 0) (void)poll(NULL, 0, HELD_BACK_MS); /* by a debugger */
        n_ready = poll(&any, 1, all_polled ? -1 : RETRY_MS);
        pthread_mutex_lock(&reaper.lock);
    }
    reaper.epoll = mp_priv_fd_close(reaper.epoll);
    reaper.runs = false;
    pthread_mutex_unlock(&reaper.lock);
    return NULL;
}

/* Under the lock. */
static void forget_after_fork(void)
{
    const int self = (int)getpid();
    if (reaper.owner == self) return;
    reaper.owner = self;
    reaper.list = NULL;
    reaper.runs = false;
    reaper.epoll = mp_priv_fd_close(reaper.epoll);
}

/* Under the lock. */
static void keep_going(void)
{
    if (reaper.list == NULL) return;
    if (reaper.runs) {
        (void)poll_all();
    } else {
        (void)sweep();
        reaper.runs = reaper.list != NULL && mp_priv_sys.thread_start(run, NULL) == 0;
    }
}

void mp_priv_reaper_adopt(mp_process *process)
{
    pthread_mutex_lock(&reaper.lock);
    forget_after_fork();
    process->next = reaper.list;
    reaper.list = process;
    keep_going();
    pthread_mutex_unlock(&reaper.lock);
}

void mp_priv_reaper_retry(void)
{
    pthread_mutex_lock(&reaper.lock);
    forget_after_fork();
    keep_going();
    pthread_mutex_unlock(&reaper.lock);
}
