#include <mp/process/pipe.h>

#include <mp/process/system_windows.h>

int mp_priv_pipe_make(struct mp_priv_pipe *pipe, mp_error *reterr)
{
    HANDLE ends[2];
    if (!CreatePipe(&ends[0], &ends[1], NULL, 0)) return MP_PRIV_FAIL_SYSTEM(reterr, GetLastError(), MP_STAGE_PAIR, "pipe");
    pipe->read = ends[0];
    pipe->write = ends[1];
    return 0;
}

int mp_priv_pipe_set_nonblocking(mp_handle handle, mp_error *reterr)
{
    (void)handle;
    return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_STDIO, "spawn: streams can't be captured on Windows");
}
