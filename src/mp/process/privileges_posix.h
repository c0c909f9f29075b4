/* Whether a process may do what we may. */
#ifndef MP_PROCESS_PRIVILEGES_POSIX_H
#define MP_PROCESS_PRIVILEGES_POSIX_H

#include <stdbool.h>

/** Whether a program executed by a thread of another process gets what one executed by us gets: users, groups,
 *  capabilities, filters of system calls, root directory. thread 0 is the process's first one. Where the system
 *  doesn't tell, true. */
bool mp_priv_privileges_same(int pid, int thread);

#endif
