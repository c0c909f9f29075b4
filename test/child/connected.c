/* connected INFO: echo what comes over the connection, exit with 0 at its end; 1 if the info is refused. */
#include <stdio.h>

#include <mp/c/process.h>

#include "io.h"

int main(int argc, char **argv)
{
    mp_socket socket;
    mp_error error;
    char data[256];
    ptrdiff_t n;
    if (argc < 2) return 2;
    if (mp_start_spawned(argv[1], &socket, &error) < 0) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    while ((n = io_receive(socket, data, sizeof(data))) > 0) {
        if (io_send(socket, data, (size_t)n) != n) return 3;
    }
    return n < 0 ? 4 : 0;
}
