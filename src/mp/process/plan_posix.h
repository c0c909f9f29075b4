/* Working out a child's plan before the child exists. */
#ifndef MP_PROCESS_PLAN_POSIX_H
#define MP_PROCESS_PLAN_POSIX_H

#include <mp/process/child_posix.h>
#include <mp/process/options.h>

/** A plan and the memory behind it. */
struct mp_priv_plan {
    struct mp_priv_child_plan child;
    void *fd_memory;
    void *path_memory;
    const char **env_memory;
};

/** null_fd is what MP_STDIO_NULL becomes, report_fd the write end of the report pipe.
 *  Returns 0 or MP_ENOMEM; the plan must be freed in both cases. */
int mp_priv_plan_make(struct mp_priv_plan *plan, const struct mp_priv_spawn *spawn, int null_fd, int report_fd);

void mp_priv_plan_free(struct mp_priv_plan *plan);

#endif
