#define _GNU_SOURCE
#include "io.h"

#include <signal.h>
#include <unistd.h>

ptrdiff_t io_read(mp_handle handle, void *data, size_t size)
{
    return read(handle, data, size);
}

ptrdiff_t io_write(mp_handle handle, const void *data, size_t size)
{
    return write(handle, data, size);
}

ptrdiff_t io_receive(mp_socket socket, void *data, size_t size)
{
    return read(socket, data, size);
}

ptrdiff_t io_send(mp_socket socket, const void *data, size_t size)
{
    return write(socket, data, size);
}

mp_handle io_stdout(void)
{
    return 1;
}

void io_hold(void)
{
    for (;;) pause();
}

void io_die(void)
{
    raise(SIGKILL);
}
