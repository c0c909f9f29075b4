/* fork() in the application, at any moment and in any thread: what it must not copy, and what the copy may rely on. */
#ifndef MP_PROCESS_FORK_POSIX_H
#define MP_PROCESS_FORK_POSIX_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

/** A number of this process that no copy of it has; the pid alone may be the same in another PID namespace. */
int64_t mp_priv_fork_owner(void);

/** Before anything is made that a fork must not disturb. Returns 0 or MP_ENOMEM. */
int mp_priv_fork_prepare(void);

/** A lock that fork() takes, too. Until it is dropped no signal handler runs on this thread, since it might fork.
 *  Around it no other lock of the library is taken, but: the reaper's before any. */
void mp_priv_fork_lock(pthread_mutex_t *lock, sigset_t *ret_before);
void mp_priv_fork_unlock(pthread_mutex_t *lock, const sigset_t *before);

/** Between these two, on one thread, fork() in another waits: a copy would keep open what the caller is giving
 *  away. They don't nest, and no other lock is taken between them. The caller itself may fork. */
void mp_priv_fork_hold_off(void);
void mp_priv_fork_allow(void);

#endif
