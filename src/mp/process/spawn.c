#include <mp/c/process.h>

#include <mp/process/connection.h>
#include <mp/process/error.h>
#include <mp/process/options.h>

int mp_process_spawn(const mp_spawn_options *options, mp_process **ret_process, mp_error *reterr)
{
    if (options == NULL || ret_process == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn: an argument is NULL");
    }
    struct mp_priv_spawn spawn;
    int r = mp_priv_spawn_resolve(&spawn, options, reterr);
    if (r < 0) return r;
    r = mp_priv_spawn_check_argv(&spawn, reterr);
    if (r < 0) return r;
    return mp_priv_launch(&spawn, ret_process, reterr);
}

static int call_make_argv(struct mp_priv_spawn *spawn, mp_spawn_argv_fn *make_argv, void *user,
                          const char *connect_info, mp_error *reterr)
{
    const int r = make_argv(user, connect_info, &spawn->options.argv);
    if (r < 0) return mp_priv_fail_code(reterr, r, 0, MP_STAGE_CALLBACK, "spawn: building argv");
    return mp_priv_spawn_check_argv(spawn, reterr);
}

int mp_spawn_connected(const mp_spawn_options *options, mp_spawn_argv_fn *make_argv, void *user,
                       mp_process **ret_process, mp_socket *ret_socket, mp_error *reterr)
{
    if (make_argv == NULL || ret_process == NULL || ret_socket == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn: an argument is NULL");
    }
    struct mp_priv_spawn spawn;
    int r = mp_priv_spawn_resolve(&spawn, options, reterr);
    if (r < 0) return r;
    if (spawn.options.argv != NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn: argv comes from the callback");
    }

    struct mp_priv_connection connection;
    mp_process *process = NULL;
    r = mp_priv_connection_open(&connection, &spawn, reterr);
    if (r < 0) return r;
    r = call_make_argv(&spawn, make_argv, user, connection.info, reterr);
    if (r < 0) goto finish;
    r = mp_priv_launch(&spawn, &process, reterr);
    if (r < 0) goto finish;
    r = mp_priv_connection_hand_over(&connection, process, reterr);
    if (r < 0) goto finish;
    *ret_process = process;
    *ret_socket = connection.ours;
    process = NULL;
    connection.ours = MP_SOCKET_INVALID;
finish:
    if (process != NULL) (void)mp_process_kill(process, 9); /* SIGKILL */
    mp_process_unref(process);
    mp_priv_connection_close(&connection);
    return r;
}
