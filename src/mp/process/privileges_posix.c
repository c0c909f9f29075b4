#define _GNU_SOURCE
#include <mp/process/privileges_posix.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

/* Lines of /proc/PID/status: what is handed on by an exec, or decides what it hands on. */
static const struct key {
    const char *name;
    int n_fields; /* that count: of the four numbers of users, an exec keeps the real and the effective one */
} keys[] = {{"\nUid:", 2},    {"\nGid:", 2},    {"\nGroups:", 1},     {"\nCapInh:", 1},
            {"\nCapBnd:", 1}, {"\nCapAmb:", 1}, {"\nNoNewPrivs:", 1}, {"\nSeccomp", 1}};

struct status {
    char text[8192];
};

static bool read_status(const char *path, struct status *status)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = 0;
    ssize_t n = 0;
    while (fd >= 0 && size < sizeof(status->text) - 1 &&
           (n = mp_priv_sys.read(fd, status->text + size, sizeof(status->text) - 1 - size)) > 0) {
        size += (size_t)n;
    }
    mp_priv_fd_close(fd);
    status->text[size] = '\0';
    return fd >= 0 && n == 0;
}

/* Of a line: its name, and so many fields, each behind a tab. */
static size_t size_of(const char *line, int n_fields)
{
    size_t size = strcspn(line, "\t\n");
    for (int i = 0; i < n_fields && line[size] == '\t'; i++) size += 1 + strcspn(line + size + 1, "\t\n");
    return size;
}

/* Each line that begins so, in order: "Seccomp" stands for two. */
static bool same_lines(const struct status *a, const struct status *b, const struct key *key)
{
    const char *line_a = strstr(a->text, key->name), *line_b = strstr(b->text, key->name);
    while (line_a != NULL && line_b != NULL) {
        const size_t size = size_of(line_a + 1, key->n_fields);
        if (size != size_of(line_b + 1, key->n_fields) || memcmp(line_a + 1, line_b + 1, size) != 0) return false;
        line_a = strstr(line_a + 1, key->name);
        line_b = strstr(line_b + 1, key->name);
    }
    return line_a == NULL && line_b == NULL;
}

static bool same_root(int pid)
{
    char path[32];
    struct stat ours, theirs;
    snprintf(path, sizeof(path), "/proc/%d/root", pid);
    if (stat("/proc/self/root", &ours) < 0) return true;
    /* We may not see that of a process that is protected, as we would be. */
    if (stat(path, &theirs) < 0) return true;
    return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

bool mp_priv_privileges_same(int pid, int thread)
{
    char path[64];
    struct status ours, theirs;
    if (!read_status("/proc/self/status", &ours)) return true;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, thread > 0 ? thread : pid);
    /* A thread that isn't there is none of the client's. */
    if (!read_status(path, &theirs)) return false;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!same_lines(&ours, &theirs, &keys[i])) return false;
    }
    return same_root(pid);
}
