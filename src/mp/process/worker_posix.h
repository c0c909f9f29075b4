/* A process that runs an entry point: a child of a fork server, or the copy of its image that takes its place. */
#ifndef MP_PROCESS_WORKER_POSIX_H
#define MP_PROCESS_WORKER_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mp/c/forkserver.h>

struct mp_priv_signals;

/** What such a process has. */
struct mp_priv_worker {
    mp_forkserver_entry entry;
    const char *payload;
    size_t payload_size;
    const int *fds;
    size_t n_fds;
    int connection; /* its own, to the server; or -1 */
    int socket;     /* to who asked; or -1 */
    int server_pid;
    uint64_t flags; /* MP_SPAWN_* */
};

/** In a child of the server: do to itself what the flags say. Afterwards others may be told of it. */
void mp_priv_worker_settle(const struct mp_priv_worker *worker);

/** Run the entry point of a child and end the process. */
_Noreturn void mp_priv_worker_run(const struct mp_priv_worker *worker, const struct mp_priv_signals *signals);

/** Run the entry point and return its result. */
int mp_priv_worker_eval(const struct mp_priv_worker *worker);

#endif
