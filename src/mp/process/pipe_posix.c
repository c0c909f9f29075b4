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

int mp_priv_pipe_set_nonblocking(mp_handle handle, mp_error *reterr)
{
    return mp_socket_set_nonblocking(handle, 1, reterr);
}
