/* Private children: the client's side of the spawn server. */
#ifndef MP_PROCESS_PRIVATE_POSIX_H
#define MP_PROCESS_PRIVATE_POSIX_H

#include <stdbool.h>

#include <mp/process/options.h>

/** A connection to a spawn server. */
struct mp_priv_server;

/** Have the spawn server start a child. On success *ret_process holds one reference. */
int mp_priv_launch_private(const struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr);

void mp_priv_server_unref(struct mp_priv_server *server);

/** Have the server send a signal to a child of its, or to the child's group. Returns 0 or a negative status. */
int mp_priv_server_kill(const struct mp_priv_server *server, int pid, int signal, bool group);

/** What the server has told on a child's socket.
 *  Returns 0, MP_ETIMEDOUT (nothing yet), or MP_ECONNRESET (it never will: the server has ended). */
int mp_priv_server_read_exit(int fd, mp_exit *ret_exit);

#endif
