/* fork() in the application, at any moment and in any thread: what it must not copy, and what the copy may rely on. */
#ifndef MP_PROCESS_FORK_POSIX_H
#define MP_PROCESS_FORK_POSIX_H

#include <stdint.h>

/** A number of this process that no copy of it has; the pid alone may be the same in another PID namespace. */
int64_t mp_priv_fork_owner(void);

/** Before anything is made that a fork must not disturb. Returns 0 or MP_ENOMEM. */
int mp_priv_fork_prepare(void);

/** Between these two, on one thread, fork() in another waits: a copy would keep open what the caller is giving
 *  away. They don't nest, and no other lock is taken between them. */
void mp_priv_fork_hold_off(void);
void mp_priv_fork_allow(void);

#endif
