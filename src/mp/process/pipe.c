#include <mp/process/pipe.h>

void mp_priv_pipe_close(struct mp_priv_pipe *pipe)
{
    (void)mp_handle_close(pipe->read);
    (void)mp_handle_close(pipe->write);
    pipe->read = pipe->write = MP_HANDLE_INVALID;
}

void mp_priv_output_close(struct mp_priv_output *output)
{
    (void)mp_socket_close(output->read);
    (void)mp_socket_close(output->write);
    output->read = output->write = MP_SOCKET_INVALID;
}
