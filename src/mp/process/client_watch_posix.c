#define _GNU_SOURCE
#include <mp/process/client_watch_posix.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

/* When the process started: the 20th field behind its name, which may contain anything. 0 if nobody tells. */
static unsigned long long start_of(int pid)
{
    char path[32], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? -1 : mp_priv_sys.read(fd, text, sizeof(text) - 1);
    mp_priv_fd_close(fd);
    if (size <= 0) return 0;
    text[size] = '\0';
    const char *field = strrchr(text, ')');
    for (int i = 0; i < 20 && field != NULL; i++) field = strchr(field + 1, ' ');
    return field == NULL ? 0 : strtoull(field, NULL, 10);
}

int mp_priv_client_watch_open(struct mp_priv_client_watch *watch, int pid, bool has_pidfds)
{
    watch->pid = pid;
    watch->fd = has_pidfds ? mp_priv_sys.pidfd_open(pid) : -1;
    if (has_pidfds && watch->fd < 0) return -errno;
    watch->start = has_pidfds ? 0 : start_of(pid);
    return 0;
}

bool mp_priv_client_watch_ended(const struct mp_priv_client_watch *watch)
{
    if (watch->fd >= 0) {
        struct pollfd ended = {.fd = watch->fd, .events = POLLIN};
        return mp_priv_sys.poll(&ended, 1, 0) > 0;
    }
    if (mp_priv_sys.kill(watch->pid, 0) < 0 && errno == ESRCH) return true;
    return watch->start != 0 && start_of(watch->pid) != watch->start;
}

void mp_priv_client_watch_close(struct mp_priv_client_watch *watch)
{
    watch->fd = mp_priv_fd_close(watch->fd);
    watch->pid = 0;
}
