/* Reading and writing handles and sockets of both platforms: the count, 0 at the end, -1 if it fails. */
#ifndef MP_TEST_CHILD_IO_H
#define MP_TEST_CHILD_IO_H

#include <stddef.h>

#include <mp/c/handle.h>
#include <mp/c/socket.h>

ptrdiff_t io_read(mp_handle handle, void *data, size_t size);
ptrdiff_t io_write(mp_handle handle, const void *data, size_t size);
ptrdiff_t io_receive(mp_socket socket, void *data, size_t size);
ptrdiff_t io_send(mp_socket socket, const void *data, size_t size);

/* What the system calls so. */
mp_handle io_stdout(void);

/* Run until killed. */
void io_hold(void);
/* End as if killed. */
void io_die(void);

#endif
