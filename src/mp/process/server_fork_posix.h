/* What a fork server does besides starting programs. */
#ifndef MP_PROCESS_SERVER_FORK_POSIX_H
#define MP_PROCESS_SERVER_FORK_POSIX_H

#include <mp/c/forkserver.h>
#include <mp/process/server_posix.h>

/** Entry points, limits, and the image that children are copies of. */
struct mp_priv_forks {
    mp_forkserver_entry *entries; /* with their names behind them */
    size_t n_entries;
    uint32_t max_children;
    uint32_t max_clients;
    bool is_stopping;
    bool has_image; /* another process is copied instead of this one */
    int image;      /* where that is told what to do; -1: it has ended */
    int image_pid;
    struct mp_priv_incoming *evaluating; /* a request; or NULL */
    int next_image; /* where its process will be told what to do */
    int next_pid;   /* 0: not known yet */
};

/** Copies what the options say. Returns 0, MP_EINVAL or MP_ENOMEM. */
int mp_priv_forks_new(const mp_forkserver_options *options, struct mp_priv_forks **ret_forks, mp_error *reterr);
void mp_priv_forks_free(struct mp_priv_forks *forks);

/** Whether one more child may be started; if not, the request is refused. */
bool mp_priv_forks_may_start(const struct mp_priv_server *server, const struct mp_priv_incoming *request);

/** Whether there may be one more connection, counting those that waiting requests will make; if not, the request is
 *  refused. */
bool mp_priv_forks_may_connect(const struct mp_priv_server *server, const struct mp_priv_incoming *request);

/** Whether the server is being stopped; if so, the request is refused. */
bool mp_priv_forks_refuse_stopping(const struct mp_priv_server *server, const struct mp_priv_incoming *request);

/** Serve a whole request. Returns whether it is answered; if not, ask again. */
bool mp_priv_forks_serve(struct mp_priv_server *server, struct mp_priv_incoming *request);

/** Milliseconds until a request that waits must be looked at; -1: none. */
int mp_priv_forks_time_left(const struct mp_priv_server *server);

#endif
