#include <mp/process/options.h>

#include <string.h>

#include <mp/process/error.h>

int mp_priv_options_check_rest(const char *what, const void *options, size_t known, size_t size, mp_error *reterr)
{
    const unsigned char *bytes = options;
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0) {
            return mp_priv_refuse(reterr, MP_E2BIG, MP_STAGE_ARGUMENT,
                                  "%s: a field at offset %zu is unknown to this version", what, i);
        }
    }
    return 0;
}

static int copy_known(mp_spawn_options *dst, const mp_spawn_options *src, mp_error *reterr)
{
    if (src->size < MP_PRIV_SPAWN_OPTIONS_SIZE_MIN) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT,
                              "spawn options: size %zu is below %zu; use MP_SPAWN_OPTIONS_INIT", src->size,
                              (size_t)MP_PRIV_SPAWN_OPTIONS_SIZE_MIN);
    }
    const int r = mp_priv_options_check_rest("spawn options", src, sizeof(*dst), src->size, reterr);
    if (r < 0) return r;
    memset(dst, 0, sizeof(*dst));
    memcpy(dst, src, src->size < sizeof(*dst) ? src->size : sizeof(*dst));
    dst->size = sizeof(*dst);
    return 0;
}

static int check_stdio(struct mp_priv_spawn *spawn, mp_error *reterr)
{
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    for (int i = 0; i < 3; i++) {
        const mp_stdio *io = &spawn->options.stdio[i];
        if (io->kind < MP_STDIO_INHERIT || io->kind > MP_STDIO_CAPTURED || (io->kind == MP_STDIO_CAPTURED && i == 0)) {
            return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn options: kind %d of %s",
                                  (int)io->kind, names[i]);
        }
        if (io->kind == MP_STDIO_HANDLE && mp_priv_handle_check(io->handle) < 0) {
            return mp_priv_fail(reterr, MP_EBADF, MP_STAGE_ARGUMENT, "spawn options: handle for %s", names[i]);
        }
        spawn->stdio_closed[i] = io->kind == MP_STDIO_INHERIT && !mp_priv_stdio_is_open(i);
    }
    return 0;
}

static int check_flags(uint64_t flags, mp_error *reterr)
{
    const uint64_t known = MP_SPAWN_NO_PATH_SEARCH | MP_SPAWN_KEEP_SIGNALS | MP_SPAWN_OWN_GROUP | MP_SPAWN_OWN_SESSION |
                           MP_SPAWN_DIE_WITH_PARENT | MP_SPAWN_KILL_ON_UNREF | MP_SPAWN_SET_UMASK | MP_SPAWN_SET_UID |
                           MP_SPAWN_SET_GID | MP_SPAWN_PRIVATE;
    if ((flags & ~known) != 0) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn options: unknown flags 0x%llx",
                              (unsigned long long)(flags & ~known));
    }
    return 0;
}

static int check_edits(const mp_spawn_options *options, mp_error *reterr)
{
    if (options->env_edits == NULL) return 0;
    for (const char *const *edit = options->env_edits; *edit != NULL; edit++) {
        if (**edit == '\0' || **edit == '=') {
            return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn options: environment edit %s has no name",
                                  mp_priv_quote(*edit, 40).text);
        }
    }
    return 0;
}

static int check_limits(const mp_spawn_options *options, mp_error *reterr)
{
    if (options->n_limits > 0 && options->limits == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn options: limits is NULL, n_limits is not 0");
    }
    for (size_t i = 0; i < options->n_limits; i++) {
        const mp_resource_limit *limit = &options->limits[i];
        if (limit->soft > limit->hard || limit->reserved != 0) {
            return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT,
                                  "spawn options: limit of resource %d: soft above hard, or reserved not 0",
                                  (int)limit->resource);
        }
    }
    return 0;
}

int mp_priv_spawn_resolve(struct mp_priv_spawn *spawn, const mp_spawn_options *options, mp_error *reterr)
{
    static const mp_spawn_options defaults = MP_SPAWN_OPTIONS_INIT;
    memset(spawn, 0, sizeof(*spawn));
    spawn->connection.parent = -1;
    spawn->start_dir = -1;
    int r = copy_known(&spawn->options, options != NULL ? options : &defaults, reterr);
    if (r < 0) return r;

    if ((r = check_flags(spawn->options.flags, reterr)) < 0) return r;
    if ((r = mp_priv_spawn_resolve_system(spawn, reterr)) < 0) return r;
    if ((r = check_stdio(spawn, reterr)) < 0) return r;
    if ((r = check_edits(&spawn->options, reterr)) < 0) return r;
    return check_limits(&spawn->options, reterr);
}

int mp_priv_spawn_check_argv(const struct mp_priv_spawn *spawn, mp_error *reterr)
{
    const char *const *argv = spawn->options.argv;
    if (argv == NULL || argv[0] == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "spawn: argv is empty");
    }
    return 0;
}
