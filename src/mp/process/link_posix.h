/* The client's side of a connection to a spawn server or fork server. */
#ifndef MP_PROCESS_LINK_POSIX_H
#define MP_PROCESS_LINK_POSIX_H

#include <stdbool.h>

#include <mp/process/request_posix.h>
#include <mp/process/spawn_request_posix.h>

/** A connection, with a count of references. */
struct mp_priv_link;

/** Takes the descriptor, on success. Returns 0 or a negative status; *ret_link holds one reference. */
int mp_priv_link_new(int connection, struct mp_priv_link **ret_link);

struct mp_priv_link *mp_priv_link_ref(struct mp_priv_link *link);
void mp_priv_link_unref(struct mp_priv_link *link);

int mp_priv_link_connection(const struct mp_priv_link *link);

void mp_priv_answer_close(struct mp_priv_answer *answer);

/** Drop the descriptor: it is the caller's again. */
void mp_priv_link_forget(struct mp_priv_link *link);

/** Ask for something, and wait for the answer. To be closed if 0 is returned, also if it tells an error of its own.
 *  Returns 0, MP_EPIPE if the server was gone before it could get the request, MP_ECONNRESET if it went before it
 *  answered, MP_EAGAIN if it runs and dropped the request, MP_ETIMEDOUT, or another negative status. */
int mp_priv_link_ask(const struct mp_priv_link *link, const struct mp_priv_request_head *head, const void *body,
                     const int *fds, int timeout_ms, struct mp_priv_answer *ret_answer);

/** Have it start a child. process becomes the child's handle.
 *  ret_other  set: whether another server could, since this one had ended before, or has other privileges than this
 *             process now.
 *  Returns 0, what mp_priv_link_ask returns, or what a spawn here would have returned. */
int mp_priv_link_spawn(struct mp_priv_link *link, const struct mp_priv_spawn_message *message,
                         const struct mp_priv_spawn *spawn, mp_process *process, bool *ret_other, mp_error *reterr);

/** Have it send a signal to a child of its, or to the child's group. Returns 0 or a negative status. */
int mp_priv_link_kill(const struct mp_priv_link *link, uint64_t serial, int signal, bool group);

/** What it has told on a child's socket.
 *  Returns 0, MP_ETIMEDOUT (nothing yet), or MP_ECONNRESET (it never will: the server has ended). */
int mp_priv_link_read_exit(int fd, mp_exit *ret_exit);

#endif
