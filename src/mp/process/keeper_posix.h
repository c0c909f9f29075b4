/* A thread that lives as long as the process: what depends on the life of the thread that did it is done
 * there. */
#ifndef MP_PROCESS_KEEPER_POSIX_H
#define MP_PROCESS_KEEPER_POSIX_H

/** Run a function on that thread and wait for its end. One at a time.
 *  Returns 0, or a negative status if the thread can't be started; then nothing was run. */
int mp_priv_keeper_run(void (*run)(void *), void *arg);

/** For fork(): jobs must not be copied while they change, and who waits for one is not in the copy. */
void mp_priv_keeper_lock(void);
void mp_priv_keeper_unlock(void);
void mp_priv_keeper_forget_waiters(void);

#endif
