#define _GNU_SOURCE
#include <mp/process/plan_posix.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <mp/c/status.h>
#include <mp/process/environment.h>
#include <mp/process/sys.h>

extern char **environ;

/* Every number that plays a part gets a fixed place before the child exists: sources that sit on a
 * target move to a scratch number first, then everything moves to its target. Scratch numbers are the
 * lowest that nobody names, so they stay clear of the descriptor limit. */
struct layout {
    mp_fd_map *entries;
    size_t n_entries;
    struct mp_priv_child_move *moves;
    size_t n_moves;
    int *used; /* numbers that are taken: sources, targets, scratch */
    size_t n_used;
    int next_scratch;
};

static bool is_target_of_other(const struct layout *l, int number, size_t self)
{
    for (size_t i = 0; i < l->n_entries; i++) {
        if (i != self && l->entries[i].child == number) return true;
    }
    return false;
}

static int pick_scratch(struct layout *l)
{
    for (;; l->next_scratch++) {
        bool taken = false;
        for (size_t i = 0; i < l->n_used && !taken; i++) taken = l->used[i] == l->next_scratch;
        if (!taken) return l->next_scratch++;
    }
}

static void add_entry(struct layout *l, int parent, int child)
{
    l->entries[l->n_entries++] = (mp_fd_map){parent, child};
    l->used[l->n_used++] = parent;
    l->used[l->n_used++] = child;
}

static void add_entries(struct layout *l, const struct mp_priv_spawn *spawn, int null_fd)
{
    for (int i = 0; i < 3; i++) {
        const mp_stdio *io = &spawn->options.stdio[i];
        if (io->kind == MP_STDIO_NULL) {
            add_entry(l, null_fd, i);
        } else if (io->kind == MP_STDIO_HANDLE) {
            add_entry(l, io->handle, i);
        } else if (!spawn->stdio_closed[i]) {
            add_entry(l, i, i);
        }
    }
    for (size_t i = 0; i < spawn->options.n_fds; i++) {
        add_entry(l, spawn->options.fds[i].parent, spawn->options.fds[i].child);
    }
    if (spawn->connection.parent >= 0) add_entry(l, spawn->connection.parent, spawn->connection.child);
}

static void add_moves(struct layout *l)
{
    for (size_t i = 0; i < l->n_entries; i++) {
        mp_fd_map *entry = &l->entries[i];
        if (entry->parent == entry->child || !is_target_of_other(l, entry->parent, i)) continue;
        const int scratch = pick_scratch(l);
        l->moves[l->n_moves++] = (struct mp_priv_child_move){entry->parent, scratch, true};
        entry->parent = scratch;
    }
    for (size_t i = 0; i < l->n_entries; i++) {
        const mp_fd_map *entry = &l->entries[i];
        l->moves[l->n_moves++] = (struct mp_priv_child_move){entry->parent, entry->child, false};
    }
}

static int compare_ints(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int plan_fds(struct mp_priv_plan *plan, const struct mp_priv_spawn *spawn, int null_fd, int report_fd)
{
    const size_t most = 3 + spawn->options.n_fds + 1;
    if (spawn->options.n_fds > INT_MAX / 4) return MP_EINVAL;
    const size_t moves_size = 2 * most * sizeof(struct mp_priv_child_move);
    const size_t entries_size = most * sizeof(mp_fd_map);
    const size_t used_size = (2 * most + 2) * sizeof(int);
    const size_t keep_size = (most + 1) * sizeof(int);
    char *memory = mp_priv_sys.alloc(moves_size + entries_size + used_size + keep_size);
    if (memory == NULL) return MP_ENOMEM;
    plan->fd_memory = memory;

    struct layout l = {.next_scratch = 3};
    l.moves = (struct mp_priv_child_move *)(void *)memory;
    l.entries = (mp_fd_map *)(void *)(memory + moves_size);
    l.used = (int *)(void *)(memory + moves_size + entries_size);
    int *keep = (int *)(void *)(memory + moves_size + entries_size + used_size);

    add_entries(&l, spawn, null_fd);
    l.used[l.n_used++] = report_fd;
    if (spawn->start_dir >= 0) l.used[l.n_used++] = spawn->start_dir;
    const bool in_the_way = report_fd < 3 || is_target_of_other(&l, report_fd, most);
    const int report_to = in_the_way ? pick_scratch(&l) : report_fd;
    add_moves(&l);
    for (size_t i = 0; i < l.n_entries; i++) keep[i] = l.entries[i].child;
    keep[l.n_entries] = report_to;
    qsort(keep, l.n_entries + 1, sizeof(int), compare_ints);

    plan->child.report_fd = report_fd;
    plan->child.report_move = (struct mp_priv_child_move){report_fd, report_to, true};
    plan->child.moves = l.moves;
    plan->child.n_moves = l.n_moves;
    plan->child.keep = keep;
    plan->child.n_keep = l.n_entries + 1;
    return 0;
}

static int one_path(struct mp_priv_plan *plan, const char *program)
{
    const char **paths = mp_priv_sys.alloc(2 * sizeof(*paths));
    if (paths == NULL) return MP_ENOMEM;
    paths[0] = program;
    plan->path_memory = paths;
    plan->child.paths = paths;
    plan->child.n_paths = 1;
    return 0;
}

/* "PATH=a::b" and program p become {"a/p", "p", "b/p"}: an empty part is the working directory. */
static int paths_of_search(struct mp_priv_plan *plan, const char *program, const char *search)
{
    size_t count = 1;
    for (const char *c = search; *c != '\0'; c++) count += *c == ':';
    const size_t program_size = strlen(program) + 1;
    const size_t table_size = (count + 1) * sizeof(char *);
    char *memory = mp_priv_sys.alloc(table_size + strlen(search) + count * (program_size + 1));
    if (memory == NULL) return MP_ENOMEM;

    const char **paths = (const char **)(void *)memory;
    char *text = memory + table_size;
    const char *part = search;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strcspn(part, ":");
        paths[i] = text;
        memcpy(text, part, length);
        text += length;
        if (length > 0) *text++ = '/';
        memcpy(text, program, program_size);
        text += program_size;
        part += length + (part[length] == ':');
    }
    plan->path_memory = memory;
    plan->child.paths = paths;
    plan->child.n_paths = count;
    return 0;
}

static int plan_paths(struct mp_priv_plan *plan, const struct mp_priv_spawn *spawn)
{
    const char *program = spawn->options.argv[0];
    const bool search = spawn->search_path != NULL && program[0] != '\0' && strchr(program, '/') == NULL;
    return search ? paths_of_search(plan, program, spawn->search_path) : one_path(plan, program);
}

static int plan_env(struct mp_priv_plan *plan, const mp_spawn_options *options)
{
    const char *const *base = options->env != NULL ? options->env : (const char *const *)environ;
    plan->child.envp = base;
    if (options->env_edits == NULL) return 0;
    const int r = mp_priv_environment_edit(base, options->env_edits, &plan->env_memory);
    if (r == 0) plan->child.envp = (const char *const *)plan->env_memory;
    return r;
}

static void plan_mask(struct mp_priv_plan *plan, uint64_t blocked)
{
    sigemptyset(&plan->child.mask);
    for (int number = 1; blocked != 0; number++, blocked >>= 1) {
        if ((blocked & 1) != 0) sigaddset(&plan->child.mask, number);
    }
}

static int descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 1024;
    return limit.rlim_cur < INT_MAX ? (int)limit.rlim_cur : INT_MAX;
}

int mp_priv_plan_make(struct mp_priv_plan *plan, const struct mp_priv_spawn *spawn, int null_fd, int report_fd)
{
    const mp_spawn_options *options = &spawn->options;
    memset(plan, 0, sizeof(*plan));
    plan->child.fd_limit = descriptor_limit();
    plan->child.cwd = options->cwd;
    plan->child.argv = options->argv;
    plan_mask(plan, spawn->blocked);
    plan->child.ignored = spawn->ignored;
    plan->child.start_dir = spawn->start_dir;
    plan->child.flags = options->flags;
    plan->child.parent = (int)getpid();
    plan->child.umask = options->umask;
    plan->child.uid = options->uid;
    plan->child.gid = options->gid;
    plan->child.limits = options->limits;
    plan->child.n_limits = options->n_limits;
    plan->child.priority = spawn->priority;
    plan->child.set_priority = spawn->set_priority;
    int r = plan_fds(plan, spawn, null_fd, report_fd);
    if (r == 0) r = plan_paths(plan, spawn);
    return r < 0 ? r : plan_env(plan, options);
}

void mp_priv_plan_free(struct mp_priv_plan *plan)
{
    free(plan->fd_memory);
    free(plan->path_memory);
    free((void *)plan->env_memory);
    plan->fd_memory = NULL;
    plan->path_memory = NULL;
    plan->env_memory = NULL;
}
