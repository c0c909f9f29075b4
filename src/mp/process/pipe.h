/* Pipes and what does for one; the ends are not inherited. */
#ifndef MP_PROCESS_PIPE_H
#define MP_PROCESS_PIPE_H

#include <mp/c/process.h>

struct mp_priv_pipe {
    mp_handle read;
    mp_handle write;
};
#define MP_PRIV_PIPE_NONE {MP_HANDLE_INVALID, MP_HANDLE_INVALID}

/** Platform. */
int mp_priv_pipe_make(struct mp_priv_pipe *pipe, mp_error *reterr);

/** Close what is open. */
void mp_priv_pipe_close(struct mp_priv_pipe *pipe);

/** What a child's captured stream goes through: on Windows sockets, elsewhere a pipe. Reading does not block, writing
 *  does. */
struct mp_priv_output {
    mp_socket read;
    mp_socket write; /* is a handle as well */
};
#define MP_PRIV_OUTPUT_NONE {MP_SOCKET_INVALID, MP_SOCKET_INVALID}

/** Platform. */
int mp_priv_output_make(struct mp_priv_output *output, mp_error *reterr);

/** The child has its end: give up this process's copy of it. Platform. */
void mp_priv_output_started(struct mp_priv_output *output, const mp_process *process);

/** Close what is open. */
void mp_priv_output_close(struct mp_priv_output *output);

#endif
