#define _GNU_SOURCE
#include <mp/process/server_children_posix.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <mp/c/forkserver.h>
#include <mp/process/fd_posix.h>
#include <mp/process/memory.h>
#include <mp/process/process_posix.h>
#include <mp/process/socket_fds_posix.h>
#include <mp/process/sys.h>

int mp_priv_served_new(struct mp_priv_server *server, int client, bool tied,
                       struct mp_priv_served_child **ret_child)
{
    struct mp_priv_served_child *child = mp_priv_alloc(sizeof(*child));
    if (child == NULL) return MP_ENOMEM;
    child->fd = child->client.fd = -1;
    child->serial = ++server->last_serial;
    const int r = tied ? mp_priv_client_watch_open(&child->client, client, server->has_pidfds) : 0;
    if (r < 0) {
        mp_priv_served_free(child);
        return r;
    }
    *ret_child = child;
    return 0;
}

void mp_priv_served_free(struct mp_priv_served_child *child)
{
    mp_priv_fd_close(child->fd);
    mp_priv_client_watch_close(&child->client);
    free(child);
}

void mp_priv_served_add(struct mp_priv_server *server, struct mp_priv_served_child *child,
                        struct mp_priv_incoming *request)
{
    child->fd = request->fd;
    request->fd = -1;
    child->next = server->children;
    server->children = child;
    server->n_children++;
}

static struct mp_priv_served_child **find(struct mp_priv_server *server, int pid)
{
    struct mp_priv_served_child **link = &server->children;
    while (*link != NULL && (*link)->pid != pid) link = &(*link)->next;
    return link;
}

bool mp_priv_served_has(struct mp_priv_server *server, int pid)
{
    return *find(server, pid) != NULL;
}

int mp_priv_served_pid(const struct mp_priv_server *server, uint64_t serial)
{
    const struct mp_priv_served_child *child = server->children;
    while (child != NULL && child->serial != serial) child = child->next;
    return child == NULL ? 0 : child->pid;
}

enum { TELL_ATTEMPTS = 20, TELL_AGAIN_MS = 1 };

static void tell(const struct mp_priv_served_child *child, const siginfo_t *info, const struct rusage *usage)
{
    mp_forkserver_exit end;
    memset(&end, 0, sizeof(end));
    end.pid = child->pid;
    mp_priv_exit_set(&end.exit, info, usage);
    /* It fits into the empty socket, but memory may be short for a moment; and nobody may be there any more. */
    for (int i = 0; i < TELL_ATTEMPTS; i++) {
        const int n = mp_priv_socket_send_now(child->fd, &end, sizeof(end), NULL, 0);
        if (n >= 0 || n == MP_EPIPE || n == MP_ECONNRESET) return;
        (void)mp_priv_sys.poll(NULL, 0, TELL_AGAIN_MS);
    }
}

static int wait_child(int type, int pid, int options, siginfo_t *info, struct rusage *usage)
{
    int r;
    info->si_pid = 0;
    do {
        r = mp_priv_sys.waitid(type, pid, info, WEXITED | WNOHANG | MP_PRIV_WAIT_ALL | options, usage);
    } while (r < 0 && errno == EINTR);
    return r < 0 ? 0 : info->si_pid;
}

int mp_priv_served_ended(void)
{
    siginfo_t info;
    struct rusage usage;
    return wait_child(P_ALL, 0, WNOWAIT, &info, &usage);
}

bool mp_priv_served_reap(struct mp_priv_server *server, int pid)
{
    siginfo_t info;
    struct rusage usage;
    if (wait_child(P_PID, pid, 0, &info, &usage) != pid) return false;
    struct mp_priv_served_child **link = find(server, pid);
    struct mp_priv_served_child *child = *link;
    if (child == NULL) return true;
    *link = child->next;
    server->n_children--;
    tell(child, &info, &usage);
    mp_priv_served_free(child);
    return true;
}

void mp_priv_served_look_at_clients(struct mp_priv_server *server)
{
    for (struct mp_priv_served_child *child = server->children; child != NULL; child = child->next) {
        if (child->client.pid == 0 || !mp_priv_client_watch_ended(&child->client)) continue;
        (void)mp_priv_sys.kill(child->pid, SIGKILL);
        mp_priv_client_watch_close(&child->client);
    }
}
