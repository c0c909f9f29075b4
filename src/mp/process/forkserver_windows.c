#include <mp/c/forkserver.h>

#include <mp/process/error.h>

static int unsupported(mp_error *reterr)
{
    return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_FORK, "fork server: this system can't fork");
}

int mp_forkserver_start(const mp_forkserver_options *options, mp_forkserver **ret_server, mp_error *reterr)
{
    (void)options;
    (void)ret_server;
    return unsupported(reterr);
}

int mp_forkserver_fork(mp_forkserver *server, const mp_fork_options *options, mp_process **ret_process,
                       mp_socket *ret_socket, mp_error *reterr)
{
    (void)server;
    (void)options;
    (void)ret_process;
    (void)ret_socket;
    return unsupported(reterr);
}

int mp_forkserver_fork_pid(mp_forkserver *server, const mp_fork_options *options, int *ret_pid, mp_socket *ret_socket,
                           mp_handle *ret_exit_fd, mp_error *reterr)
{
    (void)server;
    (void)options;
    (void)ret_pid;
    (void)ret_socket;
    (void)ret_exit_fd;
    return unsupported(reterr);
}

int mp_forkserver_spawn(mp_forkserver *server, const mp_spawn_options *options, mp_process **ret_process,
                        mp_error *reterr)
{
    (void)server;
    (void)options;
    (void)ret_process;
    return unsupported(reterr);
}

int mp_forkserver_eval(mp_forkserver *server, const char *entry, const void *payload, size_t payload_size,
                       int *ret_result, mp_error *reterr)
{
    (void)server;
    (void)entry;
    (void)payload;
    (void)payload_size;
    (void)ret_result;
    return unsupported(reterr);
}

int mp_forkserver_kill_all(mp_forkserver *server, int signal, mp_error *reterr)
{
    (void)server;
    (void)signal;
    return unsupported(reterr);
}

int mp_forkserver_stop(mp_forkserver *server, int timeout_ms, mp_error *reterr)
{
    (void)server;
    (void)timeout_ms;
    return unsupported(reterr);
}

int mp_forkserver_stop_server_only(mp_forkserver *server, mp_error *reterr)
{
    (void)server;
    return unsupported(reterr);
}

int mp_forkserver_server_pid(const mp_forkserver *server)
{
    (void)server;
    return MP_ENOTSUP;
}

int mp_forkserver_connect(mp_forkserver *server, mp_socket *ret_connection, mp_error *reterr)
{
    (void)server;
    (void)ret_connection;
    return unsupported(reterr);
}

int mp_forkserver_open(mp_socket connection, mp_forkserver **ret_server, mp_error *reterr)
{
    (void)connection;
    (void)ret_server;
    return unsupported(reterr);
}

mp_forkserver *mp_forkserver_close(mp_forkserver *server)
{
    return server;
}
