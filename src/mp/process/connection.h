/* The connection of a child to its parent: made before the child, handed over with it. */
#ifndef MP_PROCESS_CONNECTION_H
#define MP_PROCESS_CONNECTION_H

#include <mp/c/process.h>
#include <mp/process/options.h>

struct mp_priv_connection {
    mp_socket ours;
    mp_socket theirs;
    char info[80]; /* the connect info */
#ifdef _WIN32
    mp_handle pipe; /* the child fetches its end through it */
#endif
};

/** Make both ends and the connect info; tell spawn what the child gets. */
int mp_priv_connection_open(struct mp_priv_connection *connection, struct mp_priv_spawn *spawn, mp_error *reterr);

/** The child runs: give up its end, so that its death is seen. On Windows hand the end over first. */
int mp_priv_connection_hand_over(struct mp_priv_connection *connection, mp_process *process, mp_error *reterr);

/** Close what is still open. */
void mp_priv_connection_close(struct mp_priv_connection *connection);

#endif
