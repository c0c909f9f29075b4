#define _GNU_SOURCE
#include <mp/process/options.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <mp/process/error.h>

static int check_fds(const mp_spawn_options *options, mp_error *reterr)
{
    if (options->n_fds > 0 && options->fds == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn options: fds is NULL, n_fds is not 0");
    }
    for (size_t i = 0; i < options->n_fds; i++) {
        const mp_fd_map map = options->fds[i];
        if (map.child < 3) {
            return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT,
                                  "spawn options: child descriptor %d is below 3", map.child);
        }
        for (size_t k = 0; k < i; k++) {
            if (options->fds[k].child == map.child) {
                return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT,
                                      "spawn options: child descriptor %d is given twice", map.child);
            }
        }
        if (mp_priv_handle_check(map.parent) < 0) {
            return mp_priv_fail(reterr, MP_EBADF, MP_STAGE_ARGUMENT, "spawn options: descriptor %d", map.parent);
        }
    }
    return 0;
}

/* Above what a set of 64 bits holds there are no signals on the systems that we know. */
enum { SIGNAL_LAST = 64 };

static void resolve_signals(struct mp_priv_spawn *spawn)
{
    sigset_t blocked;
    if ((spawn->options.flags & MP_SPAWN_KEEP_SIGNALS) == 0) return;
    sigemptyset(&blocked);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number <= SIGNAL_LAST; number++) {
        struct sigaction action;
        const uint64_t bit = UINT64_C(1) << (number - 1);
        if (sigismember(&blocked, number) == 1) spawn->blocked |= bit;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) spawn->ignored |= bit;
    }
}

/* Absolute, so that it doesn't matter who makes the child. */
static void resolve_priority(struct mp_priv_spawn *spawn)
{
    if (spawn->options.nice == 0) return;
    const int64_t sum = (int64_t)getpriority(PRIO_PROCESS, 0) + spawn->options.nice;
    spawn->priority = sum < -20 ? -20 : sum > 19 ? 19 : (int32_t)sum;
    spawn->set_priority = true;
}

static void resolve_search_path(struct mp_priv_spawn *spawn)
{
    if ((spawn->options.flags & MP_SPAWN_NO_PATH_SEARCH) != 0) return;
    const char *path = getenv("PATH");
    spawn->search_path = path != NULL ? path : "/bin:/usr/bin";
}

int mp_priv_spawn_resolve_system(struct mp_priv_spawn *spawn, mp_error *reterr)
{
#if !defined(__linux__) && !defined(__FreeBSD__)
    if ((spawn->options.flags & MP_SPAWN_DIE_WITH_PARENT) != 0) {
        return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_ARGUMENT,
                              "spawn options: this system can't tie a child's life to its parent's");
    }
#endif
    resolve_signals(spawn);
    resolve_priority(spawn);
    resolve_search_path(spawn);
    return check_fds(&spawn->options, reterr);
}
