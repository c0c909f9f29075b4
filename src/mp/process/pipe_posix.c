#define _GNU_SOURCE
#include <mp/process/pipe.h>

#include <errno.h>

#include <mp/c/socket.h>
#include <mp/process/error.h>
#include <mp/process/sys.h>

int mp_priv_pipe_make(struct mp_priv_pipe *pipe, mp_error *reterr)
{
    int fd[2];
    const int saved = errno;
    if (mp_priv_sys.make_pipe(fd) < 0) {
        const int status = -errno;
        errno = saved;
        return mp_priv_fail(reterr, status, MP_STAGE_PAIR, "pipe");
    }
    pipe->read = fd[0];
    pipe->write = fd[1];
    return 0;
}

int mp_priv_output_make(struct mp_priv_output *output, mp_error *reterr)
{
    struct mp_priv_pipe pipe = MP_PRIV_PIPE_NONE;
    int r = mp_priv_pipe_make(&pipe, reterr);
    if (r == 0) r = mp_socket_set_nonblocking(pipe.read, 1, reterr);
    if (r < 0) {
        mp_priv_pipe_close(&pipe);
        return r;
    }
    *output = (struct mp_priv_output){.read = pipe.read, .write = pipe.write};
    return 0;
}

void mp_priv_output_started(struct mp_priv_output *output, const mp_process *process)
{
    (void)process;
    mp_priv_output_close(output);
}
