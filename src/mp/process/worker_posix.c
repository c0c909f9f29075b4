#define _GNU_SOURCE
#include <mp/process/worker_posix.h>

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <mp/process/forkserver_posix.h>
#include <mp/process/server_signals_posix.h>

/* What a shell says of what it could not run. */
enum { EXIT_UNPREPARED = 126 };

static void tie_to_server(const struct mp_priv_worker *worker)
{
    if ((worker->flags & MP_SPAWN_DIE_WITH_PARENT) == 0) return;
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != worker->server_pid) _exit(EXIT_UNPREPARED); /* it has ended before */
}

static void enter_group(const struct mp_priv_worker *worker)
{
    if ((worker->flags & MP_SPAWN_OWN_SESSION) != 0) (void)setsid();
    if ((worker->flags & MP_SPAWN_OWN_GROUP) != 0) (void)setpgid(0, 0);
}

void mp_priv_worker_settle(const struct mp_priv_worker *worker)
{
    tie_to_server(worker);
    enter_group(worker);
}

static void set_call(mp_forkserver_call *call, const struct mp_priv_worker *worker)
{
    memset(call, 0, sizeof(*call));
    call->size = sizeof(*call);
    call->user = worker->entry.user;
    call->payload = worker->payload;
    call->payload_size = worker->payload_size;
    call->fds = worker->fds;
    call->n_fds = worker->n_fds;
    call->socket = worker->socket;
}

_Noreturn void mp_priv_worker_run(const struct mp_priv_worker *worker, const struct mp_priv_signals *signals)
{
    mp_forkserver_call call;
    set_call(&call, worker);
    if (mp_priv_forkserver_new(worker->connection, worker->server_pid, &call.server) < 0) _exit(EXIT_UNPREPARED);
    mp_priv_signals_restore(signals);
    const int code = worker->entry.run(&call);
    (void)fflush(NULL);
    _exit(code);
}

int mp_priv_worker_eval(const struct mp_priv_worker *worker)
{
    mp_forkserver_call call;
    set_call(&call, worker);
    return worker->entry.run(&call);
}
