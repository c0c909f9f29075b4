/* A connection to a fork server. */
#ifndef MP_PROCESS_FORKSERVER_POSIX_H
#define MP_PROCESS_FORKSERVER_POSIX_H

#include <mp/c/forkserver.h>

/** Takes the connection, on success. Returns 0 or a negative status. */
int mp_priv_forkserver_new(int connection, int server_pid, mp_forkserver **ret_server);

#endif
