/* Requests as a server sees them: from the socket that a connection brings to the answer. */
#ifndef MP_PROCESS_SERVER_REQUESTS_POSIX_H
#define MP_PROCESS_SERVER_REQUESTS_POSIX_H

#include <mp/process/server_posix.h>

/** Take what a connection brings, or close the connection. */
void mp_priv_incoming_accept(struct mp_priv_server *server, struct mp_priv_connection *connection);

/** Serve all that is there before the server ends. */
void mp_priv_incoming_serve_last(struct mp_priv_server *server);

/** Read what there is of a request; serve it when it is whole. */
void mp_priv_incoming_read(struct mp_priv_server *server, struct mp_priv_incoming *request);

/** Whether a whole request is of no use when its client has gone. */
bool mp_priv_incoming_needs_client(const struct mp_priv_incoming *request);

/** Its client has gone. */
void mp_priv_incoming_gone(struct mp_priv_server *server, struct mp_priv_incoming *request);

/** Those that wait for their answer: whether there is one now. */
void mp_priv_incoming_retry(struct mp_priv_server *server);

/** Whether requests may come. While there are too many of them, those that aren't whole after a while make room. */
bool mp_priv_incoming_has_room(struct mp_priv_server *server);

/** Out of the server's list: the caller frees it. */
void mp_priv_incoming_take(struct mp_priv_server *server, struct mp_priv_incoming *request);

/** Taken and freed. */
void mp_priv_incoming_end(struct mp_priv_server *server, struct mp_priv_incoming *request);

void mp_priv_incoming_free(struct mp_priv_incoming *request);

/** Answer: nothing waits, since a reply fits into the empty socket. Returns whether the client got it. */
bool mp_priv_incoming_reply(const struct mp_priv_incoming *request, int value);

/** Answer that a child runs. pidfd and extra go along; or -1. */
bool mp_priv_incoming_reply_child(const struct mp_priv_incoming *request, const struct mp_priv_served_child *child,
                                  int pidfd, int extra);

/** Answer that it can't be done. */
void mp_priv_incoming_fail(const struct mp_priv_incoming *request, const mp_error *error);
void mp_priv_incoming_refuse(const struct mp_priv_incoming *request, int status, const char *message);

#endif
