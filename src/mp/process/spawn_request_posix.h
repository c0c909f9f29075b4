/* A spawn request: all that a server needs to start a child as if the client had. */
#ifndef MP_PROCESS_SPAWN_REQUEST_POSIX_H
#define MP_PROCESS_SPAWN_REQUEST_POSIX_H

#include <stddef.h>

#include <mp/process/options.h>
#include <mp/process/request_posix.h>

/** The client's side. */
struct mp_priv_spawn_message {
    void *body; /* to free */
    size_t size;
    int start_dir; /* ours; or -1 */
    int fds[MP_PRIV_REQUEST_FDS_MAX]; /* to send along; borrowed */
    size_t n_fds;
};

/** Put a resolved spawn into a message. The message must be closed, whatever is returned.
 *  Returns 0, MP_ENOMEM, MP_E2BIG (too much, or too many descriptors), or another negative status. */
int mp_priv_spawn_pack(struct mp_priv_spawn_message *message, const struct mp_priv_spawn *spawn, mp_error *reterr);
void mp_priv_spawn_message_close(struct mp_priv_spawn_message *message);

/** The server's side: memory behind a spawn. */
struct mp_priv_spawn_unpacked {
    struct mp_priv_spawn spawn;
    void *memory;
};

/** Take a message apart. It comes from anybody: nothing in it is believed. body and fds stay the caller's and must
 *  outlive the result.
 *  Returns 0, MP_EPROTO (not such a message) or MP_ENOMEM. */
int mp_priv_spawn_unpack(struct mp_priv_spawn_unpacked *unpacked, void *body, size_t size, const int *fds,
                         size_t n_fds);
void mp_priv_spawn_unpacked_close(struct mp_priv_spawn_unpacked *unpacked);

#endif
