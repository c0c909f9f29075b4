/* The loop of a spawn server: one thread, which starts children for its clients and owns their wait. */
#ifndef MP_PROCESS_SERVER_POSIX_H
#define MP_PROCESS_SERVER_POSIX_H

/** Serve the clients of a connection, and of those made from it, until the last of them has gone and nobody asks for
 *  the end of a child any more. Takes the descriptor. Changes signal dispositions: for a process of its own.
 *  Returns 0, or a negative status if it could not begin. */
int mp_priv_server_run(int connection);

#endif
