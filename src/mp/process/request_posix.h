/* Requests to a spawn or fork server. A connection carries nothing but sockets: each request has a stream socket of
 * its own, so that requests never wait for each other and nobody holds a lock over one. On it travel the request
 * (head, body, descriptors), the reply, and for a child later how it ended; then the server closes it. Both ends run
 * on one machine from one build: numbers are the machine's own. */
#ifndef MP_PROCESS_REQUEST_POSIX_H
#define MP_PROCESS_REQUEST_POSIX_H

#include <stddef.h>
#include <stdint.h>

#include <mp/c/process.h>

enum mp_priv_request_kind {
    MP_PRIV_REQUEST_SPAWN = 1,
    MP_PRIV_REQUEST_KILL = 2
};

/** "mpS" and the version of all that follows. */
#define MP_PRIV_REQUEST_MAGIC UINT32_C(0x6d705301)

enum {
    MP_PRIV_REQUEST_FDS_MAX = 250,
    MP_PRIV_REQUEST_SIZE_MAX = 16 << 20
};

struct mp_priv_request_head {
    uint32_t magic;
    uint32_t kind;  /* enum mp_priv_request_kind */
    uint32_t size;  /* of the body */
    uint32_t n_fds; /* come with the head */
    int32_t thread; /* that asks, in the system's numbers; 0: the first one */
};

struct mp_priv_reply {
    mp_error error; /* status 0: done */
    int32_t pid;
    uint32_t has_pidfd; /* one more byte follows, with the child's pidfd: apart, so that it may be lost alone */
};

struct mp_priv_kill {
    int32_t pid;    /* of a child that the same server started and has not reaped */
    int32_t signal;
    int32_t group;  /* 1: its process group */
};

/** Ask a server: send the request, wait for the reply.
 *  server       the connection.
 *  ret_socket   the request's own socket, on which a child's end will be told; the caller closes it.
 *  ret_pidfd    the child's; -1 if there is none, or no descriptor was left for it. Closed by the caller.
 *  Returns 0 (the reply may tell an error of its own), MP_EPIPE if the server was gone before it could get the
 *  request, MP_ECONNRESET if it went before it replied, or another negative status. */
int mp_priv_request(int server, const struct mp_priv_request_head *head, const void *body, const int *fds,
                    struct mp_priv_reply *ret_reply, int *ret_pidfd, int *ret_socket);

#endif
