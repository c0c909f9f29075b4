#include <mp/process/pipe.h>

void mp_priv_pipe_close(struct mp_priv_pipe *pipe)
{
    (void)mp_handle_close(pipe->read);
    (void)mp_handle_close(pipe->write);
    pipe->read = pipe->write = MP_HANDLE_INVALID;
}
