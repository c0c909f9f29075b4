#define _GNU_SOURCE
#include <mp/process/keeper_posix.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include <mp/process/fork_posix.h>
#include <mp/process/sys.h>

struct job {
    void (*run)(void *);
    void *arg;
    struct job *next;
    bool done;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t posted;
    pthread_cond_t ended;
    struct job *jobs; /* the last that came is the first */
    int64_t owner;    /* the process that the thread is in */
} keeper = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0};

static void *work(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&keeper.lock);
    for (;;) {
        while (keeper.jobs == NULL) pthread_cond_wait(&keeper.posted, &keeper.lock);
        struct job *job = keeper.jobs;
        keeper.jobs = job->next;
        pthread_mutex_unlock(&keeper.lock);
        job->run(job->arg);
        pthread_mutex_lock(&keeper.lock);
        job->done = true;
        pthread_cond_broadcast(&keeper.ended);
    }
    return NULL;
}

void mp_priv_keeper_lock(void)
{
    pthread_mutex_lock(&keeper.lock);
}

void mp_priv_keeper_unlock(void)
{
    pthread_mutex_unlock(&keeper.lock);
}

void mp_priv_keeper_forget_waiters(void)
{
    keeper.posted = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    keeper.ended = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
}

int mp_priv_keeper_run(void (*run)(void *), void *arg)
{
    sigset_t before;
    struct job job = {run, arg, NULL, false};
    const int64_t self = mp_priv_fork_owner();
    mp_priv_fork_lock(&keeper.lock, &before);
    if (keeper.owner != self) { /* the first time, or after a fork */
        keeper.jobs = NULL;
        if (mp_priv_sys.thread_start(work, NULL) < 0) {
            const int status = -errno;
            mp_priv_fork_unlock(&keeper.lock, &before);
            return status;
        }
        keeper.owner = self;
    }
    job.next = keeper.jobs;
    keeper.jobs = &job;
    pthread_cond_signal(&keeper.posted);
    while (!job.done) pthread_cond_wait(&keeper.ended, &keeper.lock);
    mp_priv_fork_unlock(&keeper.lock, &before);
    return 0;
}
