#include <mp/c/process.h>

#include <mp/process/error.h>
#include <mp/process/options.h>
#include <mp/process/pipe.h>

static int check(const struct mp_priv_spawn *spawn, mp_error *reterr)
{
    for (int i = 0; i < 2; i++) {
        if (spawn->options.stdio[i].kind == MP_STDIO_INHERIT) continue;
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn: stdin and stdout are the stream");
    }
    return mp_priv_spawn_check_argv(spawn, reterr);
}

static void use(struct mp_priv_spawn *spawn, int number, mp_handle handle)
{
    spawn->options.stdio[number].kind = MP_STDIO_HANDLE;
    spawn->options.stdio[number].handle = handle;
    spawn->stdio_closed[number] = false;
}

int mp_spawn_stdio(const mp_spawn_options *options, mp_process **ret_process, mp_handle *ret_input,
                   mp_handle *ret_output, mp_error *reterr)
{
    if (options == NULL || ret_process == NULL || ret_input == NULL || ret_output == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn: an argument is NULL");
    }
    struct mp_priv_spawn spawn;
    struct mp_priv_pipe in = MP_PRIV_PIPE_NONE, out = MP_PRIV_PIPE_NONE;
    int r = mp_priv_spawn_resolve(&spawn, options, reterr);
    if (r == 0) r = check(&spawn, reterr);
    if (r == 0) r = mp_priv_pipe_make(&in, reterr);
    if (r == 0) r = mp_priv_pipe_make(&out, reterr);
    if (r == 0) {
        use(&spawn, 0, in.read);
        use(&spawn, 1, out.write);
        r = mp_priv_launch(&spawn, ret_process, reterr);
    }
    if (r == 0) {
        *ret_input = out.read;
        *ret_output = in.write;
        out.read = in.write = MP_HANDLE_INVALID;
    }
    mp_priv_pipe_close(&in);
    mp_priv_pipe_close(&out);
    return r;
}
