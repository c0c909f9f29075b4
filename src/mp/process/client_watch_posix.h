/* Learning that another process, which is no child, has ended: by its pidfd, or where there are none by looking now and
 * then. */
#ifndef MP_PROCESS_CLIENT_WATCH_POSIX_H
#define MP_PROCESS_CLIENT_WATCH_POSIX_H

#include <stdbool.h>

/** How often to look, where there is no descriptor to poll. */
enum { MP_PRIV_CLIENT_LOOK_MS = 200 };

struct mp_priv_client_watch {
    int pid; /* 0: nobody */
    int fd;  /* readable when it has ended, or -1 */
    unsigned long long start; /* tells it from a later process of the same number; 0: not known */
};

/** Begin to watch a process that surely runs. Returns 0 or a negative status. */
int mp_priv_client_watch_open(struct mp_priv_client_watch *watch, int pid, bool has_pidfds);

/** Look whether it has ended. */
bool mp_priv_client_watch_ended(const struct mp_priv_client_watch *watch);

void mp_priv_client_watch_close(struct mp_priv_client_watch *watch);

#endif
