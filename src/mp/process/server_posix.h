/* A server process: one thread, which starts children for its clients and owns their wait. */
#ifndef MP_PROCESS_SERVER_POSIX_H
#define MP_PROCESS_SERVER_POSIX_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mp/process/client_watch_posix.h>
#include <mp/process/request_posix.h>
#include <mp/process/server_signals_posix.h>

/** A request that is on its way, or whose answer is. */
struct mp_priv_incoming {
    struct mp_priv_incoming *next;
    int fd;         /* its socket; -1: handed over to whom it concerns */
    int64_t since;  /* when it came, in milliseconds */
    bool is_whole;  /* waits for its answer */
    int client;     /* the process that it is from */
    int answer_fd;  /* where another process tells what came of it; or -1 */
    struct mp_priv_pending *pending; /* what was made for it, while another process works on it; or NULL */
    int64_t until;  /* what it waits for ends then, in milliseconds; 0: not set */
    struct mp_priv_request_head head;
    size_t n_read;  /* of head and body */
    char *body;     /* a NUL follows it */
    int fds[MP_PRIV_REQUEST_FDS_MAX];
    size_t n_fds;
};

/** A child that runs. */
struct mp_priv_served_child {
    struct mp_priv_served_child *next;
    int pid;
    uint64_t serial;
    int fd; /* its request's socket, where its end is told; -1: nobody asks for it any more */
    struct mp_priv_client_watch client; /* with which it is to die */
};

struct mp_priv_connection {
    struct mp_priv_connection *next;
    int fd;
};

struct mp_priv_forks;
struct mp_priv_pending;

struct mp_priv_server {
    struct mp_priv_connection *connections; /* none: all clients have gone */
    size_t n_connections;
    struct mp_priv_incoming *requests; /* as they came */
    size_t n_requests;
    struct mp_priv_served_child *children;
    size_t n_children;
    uint64_t last_serial;
    struct mp_priv_signals signals_before;
    int signals; /* readable after SIGCHLD */
    bool has_pidfds;
    bool is_full; /* of requests */
    bool is_over;
    struct mp_priv_forks *forks; /* of a fork server; or NULL */
    struct pollfd *polled;
    size_t n_polled, max_polled;
};

/** Ready to serve, with no connection yet. To be closed, whatever is returned. Changes signal dispositions: for a
 *  process of its own. Returns 0 or a negative status. */
int mp_priv_server_init(struct mp_priv_server *server);

/** Serve the clients of its connections until the last of them has gone and nobody asks for the end of a child any
 *  more, or until it is told to end. Its children run on. */
void mp_priv_server_run(struct mp_priv_server *server);

/** Close and free all that it has; also in a copy of its process. */
void mp_priv_server_close(struct mp_priv_server *server);

/** Takes the descriptor, on success. Returns 0 or MP_ENOMEM. */
int mp_priv_server_add_connection(struct mp_priv_server *server, int fd);

#endif
