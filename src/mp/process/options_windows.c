#include <mp/process/options.h>

#include <mp/process/error.h>

int mp_priv_spawn_resolve_system(struct mp_priv_spawn *spawn, mp_error *reterr)
{
    const mp_spawn_options *options = &spawn->options;
    const uint64_t lacking = options->flags & (MP_SPAWN_OWN_SESSION | MP_SPAWN_SET_UMASK | MP_SPAWN_SET_UID |
                                               MP_SPAWN_SET_GID | MP_SPAWN_PRIVATE);
    const char *what = options->n_fds > 0      ? "descriptors have no numbers"
                       : lacking != 0          ? "there are no sessions, umasks, user numbers and private children"
                       : options->n_limits > 0 ? "there are no resource limits"
                       : options->nice != 0    ? "there is no niceness"
                                               : NULL;
    if (what == NULL) return 0;
    return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_ARGUMENT, "spawn options: on Windows %s", what);
}
