/* Private children: those of the process's own spawn server. */
#ifndef MP_PROCESS_PRIVATE_POSIX_H
#define MP_PROCESS_PRIVATE_POSIX_H

#include <mp/process/options.h>

/** Have the spawn server start a child. On success *ret_process holds one reference. */
int mp_priv_launch_private(const struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr);

#endif
