#define _GNU_SOURCE
#include <mp/process/private_posix.h>

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/fork_posix.h>
#include <mp/process/launch_posix.h>
#include <mp/process/process_posix.h>
#include <mp/process/link_posix.h>
#include <mp/process/socket_fds_posix.h>
#include <mp/process/sys.h>

/* The one that private children are started by; a new one takes its place when it has ended. Guarded by holding forks
 * off: a copy made while a server is started would have its end open, and never see it end. */
static struct mp_priv_link *current;

static const char *server_path(void)
{
#ifdef __GLIBC__
    const char *path = secure_getenv("MP_SPAWN_SERVER");
#else
    const char *path = getenv("MP_SPAWN_SERVER");
#endif
    return path != NULL && *path != '\0' ? path : MP_PRIV_SPAWN_SERVER;
}

/* It is nobody's child, has nothing open but its connection, and no directory of ours. */
static int start_program(int connection, mp_error *reterr)
{
    const char *argv[] = {server_path(), "3", NULL};
    const mp_fd_map fds[] = {{connection, 3}};
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    struct mp_priv_spawn spawn;
    struct mp_priv_child child;
    options.argv = argv;
    options.cwd = "/";
    options.fds = fds;
    options.n_fds = 1;
    options.flags = MP_SPAWN_NO_PATH_SEARCH;
    for (int i = 0; i < 3; i++) options.stdio[i].kind = MP_STDIO_NULL;
    int r = mp_priv_spawn_resolve(&spawn, &options, NULL);
    if (r == 0) {
        spawn.detached = true;
        spawn.blocked = UINT64_MAX; /* until it ignores them */
        r = mp_priv_child_start(&spawn, false, &child, NULL);
    }
    return r < 0 ? mp_priv_fail(reterr, r, MP_STAGE_SERVER, "spawn server %s", mp_priv_quote(argv[0], 80).text) : 0;
}

static int server_start(struct mp_priv_link **ret_link, mp_error *reterr)
{
    int ends[2];
    struct mp_priv_link *link = NULL;
    int r = mp_priv_socket_pair_for_server(ends);
    if (r < 0) return mp_priv_fail(reterr, r, MP_STAGE_PAIR, "spawn server: connection");
    r = mp_priv_link_new(ends[0], &link);
    if (r < 0) {
        mp_priv_fail(reterr, r, MP_STAGE_MEMORY, "spawn server");
        mp_priv_fd_close(ends[0]);
    } else if ((r = start_program(ends[1], reterr)) < 0) {
        mp_priv_link_unref(link);
    } else {
        *ret_link = link;
    }
    mp_priv_fd_close(ends[1]);
    return r;
}

/* Returns a reference to the server; started now if there is none. */
static int server_get(struct mp_priv_link **ret_link, mp_error *reterr)
{
    int r = 0;
    mp_priv_fork_hold_off();
    if (current == NULL) r = server_start(&current, reterr);
    if (r == 0) *ret_link = mp_priv_link_ref(current);
    mp_priv_fork_allow();
    return r;
}

/* The next one who needs a server starts another. */
static void server_forget(struct mp_priv_link *link)
{
    mp_priv_fork_hold_off();
    const bool is_current = current == link;
    if (is_current) current = NULL;
    mp_priv_fork_allow();
    if (is_current) mp_priv_link_unref(link);
}

/* A fork server is the one that was asked for; another spawn server is as good. */
static int spawn_by_any(const struct mp_priv_spawn *spawn, const struct mp_priv_spawn_message *message,
                        mp_process *process, mp_error *reterr)
{
    bool again = true;
    int r = 0;
    if (spawn->server != NULL) return mp_priv_link_spawn(spawn->server, message, spawn, process, &again, reterr);
    for (int tries = 0; again && tries < 2; tries++) {
        struct mp_priv_link *link = NULL;
        r = server_get(&link, reterr);
        if (r < 0) break;
        assert(link != NULL);
        r = mp_priv_link_spawn(link, message, spawn, process, &again, reterr);
        if (again || r == MP_ECONNRESET) server_forget(link);
        mp_priv_link_unref(link);
    }
    return r;
}

static int spawn_private(const struct mp_priv_spawn *spawn, mp_process *process, mp_error *reterr)
{
    struct mp_priv_spawn_message message;
    int r = mp_priv_spawn_pack(&message, spawn, reterr);
    if (r == 0) r = spawn_by_any(spawn, &message, process, reterr);
    mp_priv_spawn_message_close(&message);
    return r;
}

int mp_priv_launch_private(const struct mp_priv_spawn *spawn, mp_process **ret_process, mp_error *reterr)
{
    const int saved = errno;
    int cancel_state;
    mp_process *process;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    mp_priv_reaper_retry();
    int r = mp_priv_process_new(true, &process);
    if (r < 0) {
        mp_priv_fail(reterr, r, MP_STAGE_MEMORY, "spawn %s", mp_priv_quote(spawn->options.argv[0], 60).text);
    } else if ((r = spawn_private(spawn, process, reterr)) < 0) {
        mp_priv_process_discard(process);
    } else {
        *ret_process = process;
    }
    pthread_setcancelstate(cancel_state, &cancel_state);
    errno = saved;
    return r;
}
