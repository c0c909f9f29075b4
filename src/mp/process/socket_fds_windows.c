#include <mp/c/socket.h>

#include <mp/process/error.h>

int mp_socket_send_fds(mp_socket socket, const void *data, size_t size, const mp_handle *fds, size_t n_fds,
                       mp_error *reterr)
{
    (void)socket;
    (void)data;
    (void)size;
    (void)fds;
    (void)n_fds;
    return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_SOCKET, "send descriptors: sockets carry none here");
}

int mp_socket_receive_fds(mp_socket socket, void *data, size_t size, mp_handle *ret_fds, size_t max_fds,
                          size_t *ret_n_fds, mp_error *reterr)
{
    (void)socket;
    (void)data;
    (void)size;
    (void)ret_fds;
    (void)max_fds;
    (void)ret_n_fds;
    return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_SOCKET, "receive descriptors: sockets carry none here");
}
