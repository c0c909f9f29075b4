/* mp-spawn-server CONNECTION: starts private children for the process at the other end of a socket, and owns their
 * wait. Started by the library. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include <mp/c/process.h>
#include <mp/process/server_posix.h>

int main(int argc, char **argv)
{
    mp_socket connection;
    mp_error error;
    if (argc != 2) {
        fprintf(stderr, "usage: mp-spawn-server CONNECTION\nThe library starts it; it is of no use by itself.\n");
        return 2;
    }
    if (mp_start_spawned(argv[1], &connection, &error) < 0) {
        fprintf(stderr, "mp-spawn-server: %s\n", error.message);
        return 2;
    }
    struct mp_priv_server server;
    int r = mp_priv_server_init(&server);
    if (r == 0) r = mp_priv_server_add_connection(&server, connection);
    if (r == 0) mp_priv_server_run(&server);
    mp_priv_server_close(&server);
    return r < 0 ? 1 : 0;
}
