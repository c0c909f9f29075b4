/* The children of a server. */
#ifndef MP_PROCESS_SERVER_CHILDREN_POSIX_H
#define MP_PROCESS_SERVER_CHILDREN_POSIX_H

#include <mp/process/server_posix.h>

/** What a child needs, before there is one: so that one that was made can always be watched.
 *  tied  it dies with the client.
 *  Returns 0 or a negative status. */
int mp_priv_served_new(struct mp_priv_server *server, int client, bool tied,
                       struct mp_priv_served_child **ret_child);
void mp_priv_served_free(struct mp_priv_served_child *child);

/** It runs: pid is set, and fd takes the request's socket. */
void mp_priv_served_add(struct mp_priv_server *server, struct mp_priv_served_child *child,
                        struct mp_priv_incoming *request);

/** Whether this process of ours is one of them. */
bool mp_priv_served_has(struct mp_priv_server *server, int pid);

/** The number of one that hasn't been reaped, so that it is its own; 0 if it has. */
int mp_priv_served_pid(const struct mp_priv_server *server, uint64_t serial);

/** A child of this process that has ended and isn't reaped; 0: none. */
int mp_priv_served_ended(void);

/** Reap it, and tell who asks for it. One that is not known couldn't be started, or is somebody's orphan.
 *  Returns whether it is reaped. */
bool mp_priv_served_reap(struct mp_priv_server *server, int pid);

/** Kill those that are to die with a client that has ended. They are reaped like any other. */
void mp_priv_served_look_at_clients(struct mp_priv_server *server);

#endif
