#define _GNU_SOURCE
#include <mp/process/options.h>

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

int mp_priv_spawn_check_system(const mp_spawn_options *options, mp_error *reterr)
{
#if !defined(__linux__) && !defined(__FreeBSD__)
    if ((options->flags & MP_SPAWN_DIE_WITH_PARENT) != 0) {
        return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_ARGUMENT,
                              "spawn options: this system can't tie a child's life to its parent's");
    }
#endif
    return check_fds(options, reterr);
}
