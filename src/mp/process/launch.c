#include <mp/process/options.h>

#include <mp/process/capture.h>
#include <mp/process/error.h>
#include <mp/process/pipe.h>

/* One stream of a child that is to be captured. */
struct captured {
    struct mp_priv_output output;
    struct mp_priv_stream *stream; /* NULL: the application reads it */
};

static int prepare(struct captured *captured, struct mp_priv_spawn *spawn, int number, mp_error *reterr)
{
    mp_stdio *io = &spawn->options.stdio[number];
    int r = mp_priv_output_make(&captured->output, reterr);
    if (r < 0) return r;
    if (spawn->options.capture != NULL) {
        r = mp_priv_stream_new(spawn->options.capture, spawn->options.capture_child, number, &captured->stream);
        if (r < 0) return mp_priv_fail(reterr, r, MP_STAGE_MEMORY, "spawn: capture");
    }
    io->kind = MP_STDIO_HANDLE;
    io->handle = (mp_handle)captured->output.write;
    return 0;
}

static void hand_over(struct captured *captured, mp_process *process, int number)
{
    if (captured->stream != NULL) {
        mp_priv_stream_start(captured->stream, captured->output.read);
    } else {
        mp_priv_process_set_output(process, number, captured->output.read);
    }
    captured->stream = NULL;
    captured->output.read = MP_SOCKET_INVALID;
    mp_priv_output_started(&captured->output, process);
}

int mp_priv_launch(struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr)
{
    const struct captured none = {MP_PRIV_OUTPUT_NONE, NULL};
    struct captured captured[3] = {none, none, none};
    bool is_captured[3] = {false, false, false};
    int r = 0;
    for (int i = 1; r == 0 && i < 3; i++) {
        is_captured[i] = spawn->options.stdio[i].kind == MP_STDIO_CAPTURED;
        if (is_captured[i]) r = prepare(&captured[i], spawn, i, reterr);
    }
    if (r == 0) r = mp_priv_launch_child(spawn, ret_process, reterr);
    for (int i = 1; i < 3; i++) {
        if (r == 0 && is_captured[i]) hand_over(&captured[i], *ret_process, i);
        mp_priv_stream_free(captured[i].stream);
        mp_priv_output_close(&captured[i].output);
    }
    return r;
}
