/* Starting a child, without a handle for it. */
#ifndef MP_PROCESS_LAUNCH_POSIX_H
#define MP_PROCESS_LAUNCH_POSIX_H

#include <mp/process/options.h>

struct mp_priv_child {
    int pid;
    int pidfd; /* or -1 */
};

/** Start a child of this process, whose end the caller waits for. Changes errno. */
int mp_priv_child_start(const struct mp_priv_spawn *spawn, bool with_pidfd, struct mp_priv_child *ret_child,
                        mp_error *reterr);

#endif
