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
    MP_PRIV_REQUEST_KILL = 2,
    /* Of fork servers only. */
    MP_PRIV_REQUEST_FORK = 3,
    MP_PRIV_REQUEST_EVAL = 4,
    MP_PRIV_REQUEST_KILL_ALL = 5, /* the body is the signal */
    MP_PRIV_REQUEST_STOP = 6,     /* the body is the timeout in milliseconds */
    MP_PRIV_REQUEST_LEAVE = 7,
    MP_PRIV_REQUEST_CONNECT = 8,
    MP_PRIV_REQUEST_PID = 9
};

/** "mpS" and the version of all that follows. */
#define MP_PRIV_REQUEST_MAGIC UINT32_C(0x6d705303)

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
    int32_t value;  /* a child's pid, or what else was asked for */
    uint64_t serial; /* what stands for a child: no later one has it */
    /* For each, one more byte follows with a descriptor: apart, so that it may be lost alone. */
    uint32_t has_pidfd; /* the child's */
    uint32_t has_extra; /* a socket */
};

struct mp_priv_kill {
    uint64_t serial; /* of a child of the same server */
    int32_t signal;
    int32_t group; /* 1: its process group */
};

/** The body of a FORK or EVAL: behind it the entry point's name with its NUL, and the payload. */
struct mp_priv_fork_head {
    uint64_t flags; /* MP_SPAWN_* */
    uint32_t name_size;
    uint32_t wants_socket;
};

/** What a server answered. The descriptors are the caller's. */
struct mp_priv_answer {
    struct mp_priv_reply reply;
    int pidfd;  /* a child's; -1 if there is none, or no descriptor was left for it */
    int extra;  /* a socket that was asked for; -1 as above */
    int socket; /* the request's own, on which a child's end will be told */
};

#define MP_PRIV_ANSWER_NONE {.pidfd = -1, .extra = -1, .socket = -1}

/** Ask a server: send the request, wait for the reply.
 *  server      the connection.
 *  timeout_ms  for the beginning of the answer; -1 waits for ever.
 *  Returns 0 (the reply may tell an error of its own), MP_EPIPE if the server was gone before it could get the
 *  request, MP_ECONNRESET if it went before it replied, MP_ETIMEDOUT, or another negative status. */
int mp_priv_request(int server, const struct mp_priv_request_head *head, const void *body, const int *fds,
                    int timeout_ms, struct mp_priv_answer *ret_answer);

#endif
