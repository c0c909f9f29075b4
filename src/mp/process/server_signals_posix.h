/* The signals of a server process: what a terminal or a supervisor sends to the application's group is not meant for
 * the keeper of its children. */
#ifndef MP_PROCESS_SERVER_SIGNALS_POSIX_H
#define MP_PROCESS_SERVER_SIGNALS_POSIX_H

#include <signal.h>

/** How they were before. */
struct mp_priv_signals {
    sigset_t mask;
    struct sigaction actions[64]; /* [0] is signal 1 */
};

/** Ignore all but faults, unblock all. *ret_fd becomes readable at each SIGCHLD; drain and close it.
 *  Returns 0 or a negative status. */
int mp_priv_signals_take(struct mp_priv_signals *before, int *ret_fd);

/** fork(), in whose child all signals are blocked: what comes before it has its own dispositions waits, and isn't
 *  ignored as here. */
int mp_priv_signals_fork(void);

/** Put everything back, in a child that is no server. */
void mp_priv_signals_restore(const struct mp_priv_signals *before);

#endif
