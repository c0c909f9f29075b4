#include <winsock2.h>

#include <windows.h>

#include "io.h"

#include <fcntl.h>
#include <io.h>

/* What a child prints comes as it is. */
__attribute__((constructor)) static void be_binary(void)
{
    for (int fd = 0; fd < 3; fd++) (void)_setmode(fd, _O_BINARY);
}

ptrdiff_t io_read(mp_handle handle, void *data, size_t size)
{
    DWORD n;
    if (ReadFile(handle, data, (DWORD)size, &n, NULL)) return (ptrdiff_t)n;
    return GetLastError() == ERROR_BROKEN_PIPE ? 0 : -1;
}

ptrdiff_t io_write(mp_handle handle, const void *data, size_t size)
{
    DWORD n;
    return WriteFile(handle, data, (DWORD)size, &n, NULL) ? (ptrdiff_t)n : -1;
}

ptrdiff_t io_receive(mp_socket socket, void *data, size_t size)
{
    return recv(socket, data, (int)size, 0);
}

ptrdiff_t io_send(mp_socket socket, const void *data, size_t size)
{
    return send(socket, data, (int)size, 0);
}

mp_handle io_stdout(void)
{
    return GetStdHandle(STD_OUTPUT_HANDLE);
}

void io_hold(void)
{
    Sleep(INFINITE);
}

void io_die(void)
{
    TerminateProcess(GetCurrentProcess(), 9);
}
