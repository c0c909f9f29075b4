/* Pipes whose ends are not inherited. */
#ifndef MP_PROCESS_PIPE_H
#define MP_PROCESS_PIPE_H

#include <mp/c/handle.h>

struct mp_priv_pipe {
    mp_handle read;
    mp_handle write;
};
#define MP_PRIV_PIPE_NONE {MP_HANDLE_INVALID, MP_HANDLE_INVALID}

/** Platform. */
int mp_priv_pipe_make(struct mp_priv_pipe *pipe, mp_error *reterr);

/** Platform. */
int mp_priv_pipe_set_nonblocking(mp_handle handle, mp_error *reterr);

/** Close what is open. */
void mp_priv_pipe_close(struct mp_priv_pipe *pipe);

#endif
