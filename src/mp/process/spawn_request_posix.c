#define _GNU_SOURCE
#include <mp/process/spawn_request_posix.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mp/process/environment.h>
#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/memory.h>
#include <mp/process/sys.h>

extern char **environ;

/* What the body begins with. Behind it come the limits, the numbers of the descriptors in the child, and the
 * strings: arguments, environment, working directory, search path; each ends with a NUL. */
struct head {
    uint64_t flags;
    uint64_t blocked;
    uint64_t ignored;
    uint32_t umask;
    uint32_t uid;
    uint32_t gid;
    int32_t priority;
    uint32_t set_priority;
    uint32_t n_argv;
    uint32_t n_env;
    uint32_t has_start_dir; /* what is relative is so to where the client is */
    uint32_t has_cwd;
    uint32_t has_search_path;
    uint32_t n_limits;
    uint32_t n_fds;         /* besides the start directory and stdio */
    uint32_t stdio_kind[3]; /* MP_STDIO_NULL, MP_STDIO_HANDLE: one comes along; MP_STDIO_INHERIT: closed */
};

/* Writes, or only counts while there is no memory. */
struct writer {
    char *memory;
    size_t size;
};

static void put(struct writer *w, const void *data, size_t size)
{
    if (w->memory != NULL && size > 0) memcpy(w->memory + w->size, data, size);
    w->size += size;
}

static void put_string(struct writer *w, const char *text)
{
    put(w, text, strlen(text) + 1);
}

static uint32_t put_strings(struct writer *w, const char *const *strings)
{
    uint32_t n = 0;
    for (; strings[n] != NULL; n++) put_string(w, strings[n]);
    return n;
}

static void put_all(struct writer *w, const struct mp_priv_spawn *spawn, const char *const *env, struct head *head)
{
    const mp_spawn_options *options = &spawn->options;
    put(w, head, sizeof(*head));
    put(w, options->limits, options->n_limits * sizeof(*options->limits));
    for (size_t i = 0; i < options->n_fds; i++) put(w, &options->fds[i].child, sizeof(int));
    if (spawn->connection.parent >= 0) put(w, &spawn->connection.child, sizeof(int));
    head->n_argv = put_strings(w, options->argv);
    head->n_env = put_strings(w, env);
    if (options->cwd != NULL) put_string(w, options->cwd);
    if (spawn->search_path != NULL) put_string(w, spawn->search_path);
}

static void add_stdio(struct mp_priv_spawn_message *message, const struct mp_priv_spawn *spawn, struct head *head)
{
    for (int i = 0; i < 3; i++) {
        const mp_stdio *io = &spawn->options.stdio[i];
        head->stdio_kind[i] = (uint32_t)io->kind;
        if (io->kind == MP_STDIO_NULL || spawn->stdio_closed[i]) continue;
        head->stdio_kind[i] = MP_STDIO_HANDLE;
        message->fds[message->n_fds++] = io->kind == MP_STDIO_HANDLE ? io->handle : i;
    }
}

static int add_fds(struct mp_priv_spawn_message *message, const struct mp_priv_spawn *spawn, struct head *head)
{
    const size_t n_fds = spawn->options.n_fds + (spawn->connection.parent >= 0 ? 1 : 0);
    if (message->start_dir >= 0) message->fds[message->n_fds++] = message->start_dir;
    add_stdio(message, spawn, head);
    if (n_fds > MP_PRIV_REQUEST_FDS_MAX - message->n_fds) return MP_E2BIG;
    for (size_t i = 0; i < spawn->options.n_fds; i++) message->fds[message->n_fds++] = spawn->options.fds[i].parent;
    if (spawn->connection.parent >= 0) message->fds[message->n_fds++] = spawn->connection.parent;
    head->n_fds = (uint32_t)n_fds;
    return 0;
}

static int write_body(struct mp_priv_spawn_message *message, const struct mp_priv_spawn *spawn, const char *const *env,
                      struct head *head)
{
    struct writer w = {NULL, 0};
    put_all(&w, spawn, env, head);
    if (w.size > MP_PRIV_REQUEST_SIZE_MAX) return MP_E2BIG;
    w.memory = mp_priv_alloc(w.size);
    if (w.memory == NULL) return MP_ENOMEM;
    message->body = w.memory;
    message->size = w.size;
    w.size = 0;
    put_all(&w, spawn, env, head);
    return 0;
}

static int pack(struct mp_priv_spawn_message *message, const struct mp_priv_spawn *spawn)
{
    const mp_spawn_options *options = &spawn->options;
    struct head head;
    memset(&head, 0, sizeof(head));
    head.flags = options->flags;
    head.blocked = spawn->blocked;
    head.ignored = spawn->ignored;
    head.umask = options->umask;
    head.uid = options->uid;
    head.gid = options->gid;
    head.priority = spawn->priority;
    head.set_priority = spawn->set_priority;
    head.has_cwd = options->cwd != NULL;
    head.has_search_path = spawn->search_path != NULL;
    head.n_limits = (uint32_t)options->n_limits;
    head.has_start_dir = message->start_dir >= 0;
    int r = add_fds(message, spawn, &head);
    if (r < 0) return r;
    const char *const *base = options->env != NULL ? options->env : (const char *const *)environ;
    const char **env;
    r = mp_priv_environment_edit(base, options->env_edits, &env);
    if (r < 0) return r;
    r = write_body(message, spawn, (const char *const *)env, &head);
    free((void *)env);
    return r;
}

/* A child that is to be elsewhere takes nothing from where we are, which we might not be allowed to open. */
static int open_start_dir(struct mp_priv_spawn_message *message, const mp_spawn_options *options)
{
    if (options->cwd != NULL && options->cwd[0] == '/') return 0;
    message->start_dir = mp_priv_sys.open_dir(".");
    return message->start_dir < 0 ? -errno : 0;
}

int mp_priv_spawn_pack(struct mp_priv_spawn_message *message, const struct mp_priv_spawn *spawn, mp_error *reterr)
{
    message->body = NULL;
    message->n_fds = 0;
    message->start_dir = -1;
    int r = open_start_dir(message, &spawn->options);
    if (r < 0) {
        return mp_priv_fail(reterr, r, MP_STAGE_CHDIR, "spawn %s: this process's directory",
                            mp_priv_quote(spawn->options.argv[0], 50).text);
    }
    r = pack(message, spawn);
    if (r == 0) return 0;
    return mp_priv_fail(reterr, r, r == MP_ENOMEM ? MP_STAGE_MEMORY : MP_STAGE_SERVER, "spawn %s: request",
                        mp_priv_quote(spawn->options.argv[0], 50).text);
}

void mp_priv_spawn_message_close(struct mp_priv_spawn_message *message)
{
    mp_priv_fd_close(message->start_dir);
    free(message->body);
}

struct reader {
    char *at;
    size_t left;
};

/* NULL if there is not so much. */
static void *take(struct reader *r, size_t size)
{
    if (size > r->left) return NULL;
    char *data = r->at;
    r->at += size;
    r->left -= size;
    return data;
}

static const char *take_string(struct reader *r)
{
    const char *end = memchr(r->at, '\0', r->left);
    return end == NULL ? NULL : take(r, (size_t)(end - r->at) + 1);
}

static bool take_strings(struct reader *r, const char **strings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        strings[i] = take_string(r);
        if (strings[i] == NULL) return false;
    }
    return true;
}

static bool take_optional(struct reader *r, bool there, const char **ret_text)
{
    *ret_text = there ? take_string(r) : NULL;
    return !there || *ret_text != NULL;
}

static bool unpack_stdio(struct mp_priv_spawn *spawn, const struct head *head, const int *fds, size_t *n_used)
{
    for (int i = 0; i < 3; i++) {
        mp_stdio *io = &spawn->options.stdio[i];
        io->kind = (int32_t)head->stdio_kind[i];
        if (io->kind == MP_STDIO_HANDLE) {
            io->handle = fds[(*n_used)++];
        } else if (io->kind == MP_STDIO_INHERIT) {
            spawn->stdio_closed[i] = true;
        } else if (io->kind != MP_STDIO_NULL) {
            return false;
        }
    }
    return true;
}

static size_t count_handles(const struct head *head)
{
    size_t n = head->has_start_dir != 0;
    for (int i = 0; i < 3; i++) n += head->stdio_kind[i] == MP_STDIO_HANDLE;
    return n;
}

/* Numbers below 3 are stdio's, and each may be there only once: the plan relies on it. */
static bool unpack_fds(struct mp_priv_spawn *spawn, struct reader *r, mp_fd_map *map, const int *fds, size_t n_fds)
{
    for (size_t i = 0; i < n_fds; i++) {
        const void *number = take(r, sizeof(int));
        if (number == NULL) return false;
        map[i].parent = fds[i];
        memcpy(&map[i].child, number, sizeof(int));
        if (map[i].child < 3) return false;
        for (size_t k = 0; k < i; k++) {
            if (map[k].child == map[i].child) return false;
        }
    }
    spawn->options.fds = map;
    spawn->options.n_fds = n_fds;
    return true;
}

static void take_numbers(struct mp_priv_spawn *spawn, const struct head *head)
{
    mp_spawn_options *options = &spawn->options;
    options->size = sizeof(*options);
    options->flags = head->flags;
    options->umask = head->umask;
    options->uid = head->uid;
    options->gid = head->gid;
    spawn->blocked = head->blocked;
    spawn->ignored = head->ignored;
    spawn->priority = head->priority;
    spawn->set_priority = head->set_priority != 0;
    spawn->connection.parent = -1;
    spawn->by_server = true;
}

static bool unpack(struct mp_priv_spawn_unpacked *unpacked, struct reader *r, const struct head *head, const int *fds,
                   char *memory)
{
    struct mp_priv_spawn *spawn = &unpacked->spawn;
    const char **argv = (const char **)(void *)memory;
    const char **env = argv + head->n_argv + 1;
    mp_resource_limit *limits = (mp_resource_limit *)(void *)(env + head->n_env + 1);
    mp_fd_map *map = (mp_fd_map *)(void *)(limits + head->n_limits);
    size_t n_used = 0;

    take_numbers(spawn, head);
    spawn->start_dir = head->has_start_dir != 0 ? fds[n_used++] : -1;
    if (!unpack_stdio(spawn, head, fds, &n_used)) return false;
    const void *limit_bytes = take(r, head->n_limits * sizeof(*limits));
    if (limit_bytes == NULL) return false;
    memcpy(limits, limit_bytes, head->n_limits * sizeof(*limits));
    spawn->options.limits = limits;
    spawn->options.n_limits = head->n_limits;
    if (!unpack_fds(spawn, r, map, fds + n_used, head->n_fds)) return false;
    spawn->options.argv = argv;
    spawn->options.env = env;
    return take_strings(r, argv, head->n_argv) && take_strings(r, env, head->n_env) &&
           take_optional(r, head->has_cwd != 0, &spawn->options.cwd) &&
           take_optional(r, head->has_search_path != 0, &spawn->search_path) && r->left == 0;
}

int mp_priv_spawn_unpack(struct mp_priv_spawn_unpacked *unpacked, void *body, size_t size, const int *fds,
                         size_t n_fds)
{
    struct reader r = {body, size};
    struct head head;
    memset(unpacked, 0, sizeof(*unpacked));
    const void *bytes = take(&r, sizeof(head));
    if (bytes == NULL) return MP_EPROTO;
    memcpy(&head, bytes, sizeof(head));
    /* Each of these is at least a byte of the body, which bounds the memory. */
    if (head.n_argv == 0 || head.n_argv > size || head.n_env > size ||
        head.n_limits > size / sizeof(mp_resource_limit) ||
        head.n_fds > n_fds || n_fds != count_handles(&head) + head.n_fds) {
        return MP_EPROTO;
    }
    const size_t memory_size = ((size_t)head.n_argv + head.n_env + 2) * sizeof(char *) +
                               head.n_limits * sizeof(mp_resource_limit) + head.n_fds * sizeof(mp_fd_map);
    unpacked->memory = mp_priv_alloc(memory_size);
    if (unpacked->memory == NULL) return MP_ENOMEM;
    if (unpack(unpacked, &r, &head, fds, unpacked->memory)) return 0;
    mp_priv_spawn_unpacked_close(unpacked);
    return MP_EPROTO;
}

void mp_priv_spawn_unpacked_close(struct mp_priv_spawn_unpacked *unpacked)
{
    free(unpacked->memory);
    unpacked->memory = NULL;
}
