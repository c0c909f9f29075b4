#define _GNU_SOURCE
#include <mp/process/forkserver_posix.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/options.h>
#include <mp/process/server_fork_posix.h>
#include <mp/process/server_posix.h>
#include <mp/process/socket_fds_posix.h>
#include <mp/process/sys.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* That a program without threads has: ThreadSanitizer's runtime has one of its own. */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
enum { THREADS = 2 };
#else
enum { THREADS = 1 };
#endif

/* How long threads that are ending may take for it. */
enum { THREADS_END_MS = 1000 };

/* What the new server tells who started it. */
struct report {
    int32_t status;
    int32_t pid;
};

static int refuse(mp_error *reterr, const char *why)
{
    return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "fork server: %s", why);
}

static int check(const mp_forkserver_options *options, mp_error *reterr)
{
    if (options->size < sizeof(*options)) return refuse(reterr, "the options' size");
    const int r = mp_priv_options_check_rest("fork server options", options, sizeof(*options), options->size, reterr);
    if (r < 0) return r;
    if (options->entries == NULL && options->n_entries > 0) return refuse(reterr, "entries is NULL");
    for (size_t i = 0; i < options->n_entries; i++) {
        const mp_forkserver_entry *entry = &options->entries[i];
        if (entry->name == NULL || *entry->name == '\0') return refuse(reterr, "an entry point without a name");
        if (entry->run == NULL) return refuse(reterr, "an entry point without a function");
        for (size_t k = 0; k < i; k++) {
            if (strcmp(options->entries[k].name, entry->name) != 0) continue;
            return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "fork server: two entry points %s",
                                  mp_priv_quote(entry->name, 60).text);
        }
    }
    return 0;
}

#ifdef __linux__
static int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;
    if (tasks == NULL) return -errno;
    for (const struct dirent *task; (task = readdir(tasks)) != NULL;) n += task->d_name[0] != '.';
    closedir(tasks);
    return n - THREADS + 1;
}

/* A thread that has been joined is still counted until the system has done with it: it is waited for. */
static int check_threads(mp_error *reterr)
{
    const int64_t deadline = mp_priv_now_ms() + THREADS_END_MS;
    int n;
    while ((n = count_threads()) > 1 && mp_priv_now_ms() < deadline) (void)poll(NULL, 0, 1);
    if (n < 0) return mp_priv_fail(reterr, n, MP_STAGE_FORK, "fork server: counting threads");
    if (n <= 1) return 0;
    return mp_priv_refuse(reterr, MP_EBUSY, MP_STAGE_FORK, "fork server: this process has %d threads; start it before the others",
                          n);
}
#else
static int check_threads(mp_error *reterr)
{
    (void)reterr; /* nothing tells */
    return 0;
}
#endif

static void say(int fd, int status)
{
    const struct report report = {status, (int)getpid()};
    while (mp_priv_sys.write(fd, &report, sizeof(report)) < 0 && errno == EINTR) {}
    mp_priv_fd_close(fd);
}

static _Noreturn void serve(struct mp_priv_forks *forks, int connection, int report)
{
    struct mp_priv_server server;
    int r = mp_priv_server_init(&server);
    if (r == 0) r = mp_priv_server_add_connection(&server, connection);
    server.forks = forks;
    say(report, r);
    if (r == 0) mp_priv_server_run(&server);
    _exit(r < 0 ? 1 : 0);
}

/* Its parent ends at once, so that the server is nobody's child. Returns 0 or a negative status. */
static int fork_detached(struct mp_priv_forks *forks, const int connection[2], const int report[2])
{
    const int pid = mp_priv_sys.make_unseen_copy();
    if (pid < 0) return -errno;
    if (pid == 0) {
        const int server = mp_priv_sys.make_copy();
        if (server == 0) {
            mp_priv_fd_close(connection[0]);
            mp_priv_fd_close(report[0]);
            serve(forks, connection[1], report[1]);
        }
        if (server < 0) say(report[1], -errno);
        _exit(0);
    }
    siginfo_t info;
    struct rusage usage;
    while (mp_priv_sys.waitid(P_PID, pid, &info, WEXITED | MP_PRIV_WAIT_ALL, &usage) < 0 && errno == EINTR) {}
    return 0;
}

static int read_report(int fd, struct report *report)
{
    ssize_t n;
    while ((n = mp_priv_sys.read(fd, report, sizeof(*report))) < 0 && errno == EINTR) {}
    if (n < 0) return -errno;
    return n == (ssize_t)sizeof(*report) ? report->status : MP_ECONNABORTED;
}

static int start(struct mp_priv_forks *forks, mp_forkserver **ret_server, mp_error *reterr)
{
    int connection[2] = {-1, -1}, report_pipe[2] = {-1, -1};
    struct report report;
    int r = mp_priv_socket_pair_for_server(connection);
    if (r < 0) return mp_priv_fail(reterr, r, MP_STAGE_PAIR, "fork server: connection");
    r = mp_priv_sys.make_pipe(report_pipe) < 0 ? -errno : 0;
    if (r == 0) {
        (void)fflush(NULL);
        r = fork_detached(forks, connection, report_pipe);
        report_pipe[1] = mp_priv_fd_close(report_pipe[1]);
        if (r == 0) r = read_report(report_pipe[0], &report);
        mp_priv_fd_close(report_pipe[0]);
    }
    mp_priv_fd_close(connection[1]);
    if (r == 0) r = mp_priv_forkserver_new(connection[0], report.pid, ret_server);
    if (r == 0) return 0;
    mp_priv_fd_close(connection[0]);
    return mp_priv_fail(reterr, r, MP_STAGE_FORK, "fork server: fork");
}

int mp_forkserver_start(const mp_forkserver_options *options, mp_forkserver **ret_server, mp_error *reterr)
{
    struct mp_priv_forks *forks = NULL;
    if (options == NULL || ret_server == NULL) return refuse(reterr, "an argument is NULL");
    const int saved = errno;
    int r = check(options, reterr);
    if (r == 0) r = check_threads(reterr);
    if (r == 0) r = mp_priv_forks_new(options, &forks, reterr);
    if (r == 0) r = start(forks, ret_server, reterr);
    mp_priv_forks_free(forks);
    errno = saved;
    return r;
}
