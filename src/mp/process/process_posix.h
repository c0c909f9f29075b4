/* The handle of a child, and the two ways to learn that it ended: a pidfd, or a thread that waits. */
#ifndef MP_PROCESS_PROCESS_POSIX_H
#define MP_PROCESS_PROCESS_POSIX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <mp/c/process.h>

struct mp_process {
    atomic_uint n_ref;
    int pid;
    int owner;   /* the process that spawned it */
    int pidfd;   /* -1: watched by a thread */
    int exit_fd; /* the pidfd, or the read end of the watching thread's pipe */

    pthread_mutex_t lock; /* guards what follows; also held around a kill by number */
    bool started;         /* pid is set; guarded only until the watching thread has seen it */
    bool discarded;       /* there will be no child */
    bool reaped;          /* exit is the answer */
    bool released;        /* the caller's, no longer ours */
    mp_exit exit;

    pthread_cond_t start; /* started or discarded; for the watching thread */
    int watch_fd;         /* write end of its pipe, closed when the child has ended; -1 without the thread */

    mp_process *next; /* in the reaper's list */
    bool is_polled;   /* the reaper's epoll has the pidfd */
};

/** A handle without a child, and all that watching one needs: after this, a child that was started can
 *  always be watched. One reference. */
int mp_priv_process_new(mp_process **ret_process);

/** The child runs. pidfd is -1 if the handle was made to be watched by a thread. */
void mp_priv_process_set_child(mp_process *process, int pid, int pidfd);

/** There will be no child; drops the reference. */
void mp_priv_process_discard(mp_process *process);

/** Look once. Under the lock. Returns 0 if the end is known (exit is set), MP_ETIMEDOUT if the child
 *  still runs, MP_ECHILD after a release, or another negative status. */
int mp_priv_process_poll(mp_process *process);

/** Close and free; the reference count has reached 0. */
void mp_priv_process_free(mp_process *process);

/** Start the thread that watches a child without a pidfd. It holds a reference of its own. */
int mp_priv_watch_start(mp_process *process);

/** Take over a child that nobody refers to any more, reap it when it ends, and free the handle. */
void mp_priv_reaper_adopt(mp_process *process);

/** Try again what an earlier lack of resources prevented. Called before each spawn. */
void mp_priv_reaper_retry(void);

#endif
