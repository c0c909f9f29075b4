#define _GNU_SOURCE
#include <mp/process/connection.h>

#include <stdio.h>

#include <mp/process/error.h>

static bool is_child_number(const mp_spawn_options *options, int number)
{
    for (size_t i = 0; i < options->n_fds; i++) {
        if (options->fds[i].child == number) return true;
    }
    return false;
}

int mp_priv_connection_open(struct mp_priv_connection *connection, struct mp_priv_spawn *spawn, mp_error *reterr)
{
    connection->ours = connection->theirs = MP_SOCKET_INVALID;
    const int r = mp_socket_pair(&connection->theirs, &connection->ours, reterr);
    if (r < 0) return r;
    int number = connection->theirs < 3 ? 3 : connection->theirs;
    while (is_child_number(&spawn->options, number)) number++;
    spawn->connection = (mp_fd_map){.parent = connection->theirs, .child = number};
    snprintf(connection->info, sizeof(connection->info), "%d", number);
    return 0;
}

int mp_priv_connection_hand_over(struct mp_priv_connection *connection, mp_process *process, mp_error *reterr)
{
    (void)process;
    (void)reterr;
    (void)mp_socket_close(connection->theirs);
    connection->theirs = MP_SOCKET_INVALID;
    return 0;
}

void mp_priv_connection_close(struct mp_priv_connection *connection)
{
    (void)mp_socket_close(connection->ours);
    (void)mp_socket_close(connection->theirs);
}
