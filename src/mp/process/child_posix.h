/* What a child does between its birth and its program, prepared by the parent down to the numbers. */
#ifndef MP_PROCESS_CHILD_POSIX_H
#define MP_PROCESS_CHILD_POSIX_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mp_resource_limit;

/** Duplicate from onto to; to == from only lets it survive exec. */
struct mp_priv_child_move {
    int from;
    int to;
    bool close_on_exec;
};

struct mp_priv_child_plan {
    int report_fd; /* where a failure is written */
    struct mp_priv_child_move report_move; /* first of all: away from the numbers of the moves */
    const struct mp_priv_child_move *moves; /* in this order */
    size_t n_moves;
    const int *keep; /* ascending: all that is open after the moves and stays so; the rest is closed */
    size_t n_keep;
    int fd_limit;    /* for systems where nothing lists or closes ranges of descriptors */
    int start_dir;   /* what a relative cwd, program or PATH is relative to; -1: the parent's directory */
    const char *cwd; /* or NULL */
    const char *const *paths; /* candidates for the program, NULL-terminated */
    size_t n_paths;
    const char *const *argv;
    const char *const *envp;
    sigset_t mask;    /* to run the program with */
    uint64_t ignored; /* signals to ignore: bit 0 is signal 1 */

    uint64_t flags; /* MP_SPAWN_*: what the child is to do about itself */
    int parent;     /* the process that the child's life is tied to */
    uint32_t umask;
    uint32_t uid;
    uint32_t gid;
    int priority; /* niceness, if it is to change */
    bool set_priority;
    const struct mp_resource_limit *limits;
    size_t n_limits;

    void *detached_stack; /* top of the stack of a child that is to be nobody's: its parent ends; or NULL */

    /* Written by the child: seen by the parent only if the two share memory, and then the parent was
     * suspended until the child was done. */
    volatile bool shares_memory;
};

/** What the child writes to report_fd if it fails. */
struct mp_priv_child_report {
    int32_t stage;   /* enum mp_stage */
    int32_t err;     /* errno */
    int32_t operand; /* number of the descriptor, resource, user or group */
};

/** Entry point of the child; takes a plan, never returns. */
int mp_priv_child_run(void *plan);

#endif
