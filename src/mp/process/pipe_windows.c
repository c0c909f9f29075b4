#include <mp/process/pipe.h>

#include <stdlib.h>

#include <mp/process/memory.h>
#include <mp/process/system_windows.h>

int mp_priv_pipe_make(struct mp_priv_pipe *pipe, mp_error *reterr)
{
    HANDLE ends[2];
    if (!CreatePipe(&ends[0], &ends[1], NULL, 0)) {
        return MP_PRIV_FAIL_SYSTEM(reterr, GetLastError(), MP_STAGE_PAIR, "pipe");
    }
    pipe->read = ends[0];
    pipe->write = ends[1];
    return 0;
}

int mp_priv_output_make(struct mp_priv_output *output, mp_error *reterr)
{
    struct mp_priv_output made;
    /* Standard handles are used without overlapping. */
    int r = mp_priv_socket_pair(&made.read, &made.write, 0, reterr);
    if (r < 0) return r;
    r = mp_socket_set_nonblocking(made.read, 1, reterr);
    if (r < 0) {
        mp_priv_output_close(&made);
        return r;
    }
    *output = made;
    return 0;
}

struct writer {
    HANDLE child;
    mp_socket socket;
};

static void writer_free(struct writer *writer)
{
    (void)mp_socket_close(writer->socket);
    mp_priv_close(writer->child);
    free(writer);
}

static void CALLBACK close_writer(PTP_CALLBACK_INSTANCE instance, void *writer, PTP_WAIT wait, TP_WAIT_RESULT result)
{
    (void)instance;
    (void)result;
    writer_free(writer);
    CloseThreadpoolWait(wait);
}

/* The end of a process resets the connections whose last handle goes with it, which may lose what was written. So a
 * copy is kept until the child has ended. If that can't be, it is closed at once. */
void mp_priv_output_started(struct mp_priv_output *output, const mp_process *process)
{
    struct writer *writer = mp_priv_alloc(sizeof(*writer));
    PTP_WAIT wait = NULL;
    if (writer != NULL && mp_priv_stay_loaded() == 0 &&
        mp_handle_duplicate(mp_process_exit_fd(process), &writer->child, NULL) == 0) {
        writer->socket = output->write;
        output->write = MP_SOCKET_INVALID;
        wait = CreateThreadpoolWait(close_writer, writer, NULL);
        if (wait == NULL) writer_free(writer);
    } else {
        free(writer);
    }
    if (wait != NULL) SetThreadpoolWait(wait, writer->child, NULL);
    mp_priv_output_close(output);
}
