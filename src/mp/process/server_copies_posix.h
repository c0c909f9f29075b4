/* The copies of itself that a fork server makes: children, and the image that later ones are copies of. */
#ifndef MP_PROCESS_SERVER_COPIES_POSIX_H
#define MP_PROCESS_SERVER_COPIES_POSIX_H

#include <mp/process/server_posix.h>

/** Serve a whole request to fork, or to run a function for later children. Returns whether it is answered; if not,
 *  call it again. */
bool mp_priv_copies_fork(struct mp_priv_server *server, struct mp_priv_incoming *request);
bool mp_priv_copies_eval(struct mp_priv_server *server, struct mp_priv_incoming *request);

/** A process of the server's has ended that is no child it serves: an image may have. */
void mp_priv_copies_ended(struct mp_priv_server *server, int pid);

/** Nobody waits for the end of a function any more: its process is not to be the image. */
void mp_priv_copies_forget(struct mp_priv_server *server, const struct mp_priv_incoming *request);

/** What was made for a request that another process works on. NULL is allowed. */
void mp_priv_pending_free(struct mp_priv_pending *pending);

#endif
