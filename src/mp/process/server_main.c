/* mp-spawn-server CONNECTION: starts private children for the process at the other end of a socket, and owns their
 * wait. Started by the library. */
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
    return mp_priv_server_run(connection) < 0 ? 1 : 0;
}
