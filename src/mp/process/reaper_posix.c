/* Children whose end the library waits for: those whose last reference was dropped while they ran, and those
 * with somebody to tell. One thread polls their exit descriptors; it exists as long as there are such
 * children. If it can't be started now, the next spawn or adoption tries again. */
#define _GNU_SOURCE
#include <mp/process/process_posix.h>

#include <errno.h>

#include <mp/process/fd_posix.h>
#include <mp/process/fork_posix.h>
#include <mp/process/sys.h>

enum { RETRY_MS = 100, HELD_BACK_MS = 10 };

static struct {
    pthread_mutex_t lock;
    mp_process *list;
    int epoll;
    int64_t owner; /* after a fork the list is the parent's */
    bool runs;
} reaper = {.lock = PTHREAD_MUTEX_INITIALIZER, .epoll = -1};

/* Under the lock. */
static void unlink_child(mp_process **link)
{
    mp_process *process = *link;
    *link = process->next;
    /* A copy of the descriptor in another process would keep it in the epoll set after the close. */
    if (process->is_polled) mp_priv_epoll_remove(reaper.epoll, process->exit_fd);
    process->is_polled = false;
}

/* Under the lock. Takes those that have ended out of the list; with_callbacks also those with somebody to
 * tell, who is told on our thread only. Returns them as a list. */
static mp_process *take_ended(bool with_callbacks)
{
    mp_process *ended = NULL;
    for (mp_process **link = &reaper.list; *link != NULL;) {
        mp_process *process = *link;
        pthread_mutex_lock(&process->lock);
        const bool mine = with_callbacks || process->on_exit == NULL;
        const bool over = mine && mp_priv_process_is_over(mp_priv_process_poll(process));
        pthread_mutex_unlock(&process->lock);
        if (over) {
            unlink_child(link);
            process->next = ended;
            ended = process;
        } else {
            link = &process->next;
        }
    }
    return ended;
}

static void tell(mp_process *process)
{
    pthread_mutex_lock(&process->lock);
    mp_process_exit_fn *callback = process->reaped ? process->on_exit : NULL;
    void *user = process->on_exit_user;
    const mp_exit exit = process->exit;
    pthread_mutex_unlock(&process->lock);
    if (callback != NULL) callback(user, process, &exit);
}

/* Not under the lock. Returns how many. */
static int finish(mp_process *ended)
{
    int n = 0;
    while (ended != NULL) {
        mp_process *process = ended;
        ended = process->next;
        tell(process);
        mp_priv_process_drop(process);
        n++;
    }
    return n;
}

/* Returns whether all descriptors are polled. Without that the thread looks at them now and then. */
static bool poll_all(void)
{
    if (reaper.epoll < 0 && (reaper.epoll = mp_priv_sys.epoll_make()) < 0) return false;
    bool all = true;
    for (mp_process *process = reaper.list; process != NULL; process = process->next) {
        if (!process->is_polled) process->is_polled = mp_priv_sys.epoll_add(reaper.epoll, process->exit_fd) == 0;
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
        mp_process *ended = take_ended(true);
        pthread_mutex_unlock(&reaper.lock);
        const int n_ended = finish(ended);
        pthread_mutex_lock(&reaper.lock);
        if (reaper.list == NULL) break;
        const bool all_polled = poll_all();
        struct pollfd any = {.fd = reaper.epoll, .events = POLLIN};
        pthread_mutex_unlock(&reaper.lock);
        if (n_ready > 0 && n_ended == 0) (void)poll(NULL, 0, HELD_BACK_MS); /* by a debugger */
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
    const int64_t self = mp_priv_fork_owner();
    if (reaper.owner == self) return;
    reaper.owner = self;
    reaper.list = NULL;
    reaper.runs = false;
    reaper.epoll = mp_priv_fd_close(reaper.epoll);
}

/* Under the lock. *ret_ended is to be finished without it. Returns 0 or a negative status. */
static int keep_going(mp_process **ret_ended)
{
    *ret_ended = NULL;
    if (reaper.runs) (void)poll_all();
    if (reaper.runs || reaper.list == NULL) return 0;
    *ret_ended = take_ended(false);
    if (reaper.list == NULL) return 0;
    if (mp_priv_sys.thread_start(run, NULL) < 0) return -errno;
    reaper.runs = true;
    return 0;
}

void mp_priv_reaper_lock(void)
{
    pthread_mutex_lock(&reaper.lock);
}

void mp_priv_reaper_unlock(void)
{
    pthread_mutex_unlock(&reaper.lock);
}

int mp_priv_reaper_adopt(mp_process *process)
{
    sigset_t before;
    mp_process *ended;
    mp_priv_fork_lock(&reaper.lock, &before);
    forget_after_fork();
    process->next = reaper.list;
    reaper.list = process;
    const int r = keep_going(&ended);
    mp_priv_fork_unlock(&reaper.lock, &before);
    (void)finish(ended);
    return r;
}

bool mp_priv_reaper_drop(mp_process *process)
{
    sigset_t before;
    bool found = false;
    mp_priv_fork_lock(&reaper.lock, &before);
    for (mp_process **link = &reaper.list; *link != NULL; link = &(*link)->next) {
        if (*link != process) continue;
        unlink_child(link);
        found = true;
        break;
    }
    mp_priv_fork_unlock(&reaper.lock, &before);
    return found;
}

void mp_priv_reaper_retry(void)
{
    sigset_t before;
    mp_process *ended;
    mp_priv_fork_lock(&reaper.lock, &before);
    forget_after_fork();
    (void)keep_going(&ended);
    mp_priv_fork_unlock(&reaper.lock, &before);
    (void)finish(ended);
}
