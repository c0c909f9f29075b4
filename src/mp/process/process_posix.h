/* The handle of a child, and the two ways to learn that it ended: a pidfd, or a thread that waits. */
#ifndef MP_PROCESS_PROCESS_POSIX_H
#define MP_PROCESS_PROCESS_POSIX_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>

#include <mp/c/process.h>

struct mp_priv_answer;
struct mp_priv_link;

struct mp_process {
    atomic_uint n_ref;  /* the callers' references and the library's */
    atomic_uint n_user; /* the callers' */
    int pid;
    int64_t owner; /* the process that spawned it */
    int pidfd;   /* -1: the system has none */
    int exit_fd; /* the pidfd, the read end of the watching thread's pipe, or where the spawn server tells the end */
    struct mp_priv_link *server; /* of a private child; or NULL */
    uint64_t serial; /* what stands for the child there */
    bool leads_group;
    bool kill_on_unref;

    pthread_mutex_t lock; /* guards what follows; also held around a kill by number */
    bool started;         /* pid is set; guarded only until the watching thread has seen it */
    bool discarded;       /* there will be no child */
    bool reaped;          /* exit is the answer */
    bool released;        /* the caller's, no longer ours */
    mp_exit exit;
    mp_process_exit_fn *on_exit; /* or NULL */
    void *on_exit_user;

    int output[2]; /* captured stdout and stderr that nobody has taken; or -1 */

    pthread_cond_t start; /* started or discarded; for the watching thread */
    int watch_fd;         /* write end of its pipe, closed when the child has ended; -1 without the thread */

    mp_process *next; /* in the reaper's list */
    bool is_polled;   /* the reaper's epoll has the exit descriptor */
};

/** A handle without a child, and all that watching one needs: after this, a child that was started can
 *  always be watched. Private children are watched by their server. One reference. */
int mp_priv_process_new(bool is_private, mp_process **ret_process);

/** The child runs, started with these flags. pidfd is -1 if the handle was made to be watched by a thread. */
void mp_priv_process_set_child(mp_process *process, uint64_t flags, int pid, int pidfd);

/** The private child runs. Takes the server's reference, and the child's descriptors. */
void mp_priv_process_set_private(mp_process *process, uint64_t flags, const struct mp_priv_answer *answer,
                                 struct mp_priv_link *server);

/** What the system told about the end of a child. */
void mp_priv_exit_set(mp_exit *out, const siginfo_t *info, const struct rusage *usage);

/** Whether the system has pidfds that can be waited for. */
int mp_priv_process_has_pidfds(bool *ret_has);

/** There will be no child; drops the reference. */
void mp_priv_process_discard(mp_process *process);

/** Look once. Under the lock. Returns 0 if the end is known (exit is set), MP_ETIMEDOUT if the child
 *  still runs, MP_ECHILD after a release, or another negative status. */
int mp_priv_process_poll(mp_process *process);

/** Whether there is nothing to wait for any more, by what mp_priv_process_poll said. */
bool mp_priv_process_is_over(int polled);

/** A reference of the library's. The last drop of a child that runs leaves it to the reaper. */
mp_process *mp_priv_process_hold(mp_process *process);
void mp_priv_process_drop(mp_process *process);

/** Start the thread that watches a child without a pidfd. It holds a reference of its own. */
int mp_priv_watch_start(mp_process *process);

/** Take over a reference: reap the child when it ends, tell on_exit, and drop the reference. If no thread can
 *  be started for it now, the next spawn or adoption tries again.
 *  Returns 0, or a negative status if there is no such thread yet. */
int mp_priv_reaper_adopt(mp_process *process);

/** Give a child up again that was adopted, if its end has not been seen. Returns whether it was. */
bool mp_priv_reaper_drop(mp_process *process);

/** For fork(): the list must not be copied while it changes. */
void mp_priv_reaper_lock(void);
void mp_priv_reaper_unlock(void);

/** Try again what an earlier lack of resources prevented. Called before each spawn. */
void mp_priv_reaper_retry(void);

#endif
