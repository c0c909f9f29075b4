#define _GNU_SOURCE
#include <mp/process/server_signals_posix.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <mp/c/socket.h>
#include <mp/process/fd_posix.h>
#include <mp/process/sys.h>

enum { SIGNAL_LAST = 64 };

static int write_end = -1;

static void on_sigchld(int number)
{
    const int saved = errno;
    (void)number;
    /* A full pipe is news enough. */
    if (write(write_end, "", 1) < 0) {}
    errno = saved;
}

/* What means that this program is faulty. */
static bool is_fault(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE || number == SIGABRT ||
           number == SIGTRAP || number == SIGSYS;
}

static int make_pipe(int *ret_fd)
{
    int fd[2];
    if (mp_priv_sys.make_pipe(fd) < 0) return -errno;
    for (int i = 0; i < 2; i++) {
        const int r = mp_socket_set_nonblocking(fd[i], 1, NULL);
        if (r == 0) continue;
        mp_priv_fd_close(fd[0]);
        mp_priv_fd_close(fd[1]);
        return r;
    }
    *ret_fd = fd[0];
    write_end = fd[1];
    return 0;
}

int mp_priv_signals_take(struct mp_priv_signals *before, int *ret_fd)
{
    struct sigaction action;
    sigset_t none;
    const int r = make_pipe(ret_fd);
    if (r < 0) return r;
    memset(before, 0, sizeof(*before));
    for (int number = 1; number <= SIGNAL_LAST; number++) {
        memset(&action, 0, sizeof(action));
        action.sa_handler = number == SIGCHLD ? on_sigchld : SIG_IGN;
        action.sa_flags = number == SIGCHLD ? SA_RESTART | SA_NOCLDSTOP : 0;
        (void)sigaction(number, is_fault(number) ? NULL : &action, &before->actions[number - 1]);
    }
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, &before->mask);
    return 0;
}

int mp_priv_signals_fork(void)
{
    sigset_t all, before;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    const int pid = mp_priv_sys.make_copy();
    const int err = errno;
    if (pid != 0) (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = err;
    return pid;
}

void mp_priv_signals_restore(const struct mp_priv_signals *before)
{
    for (int number = 1; number <= SIGNAL_LAST; number++) {
        if (!is_fault(number)) (void)sigaction(number, &before->actions[number - 1], NULL);
    }
    write_end = mp_priv_fd_close(write_end);
    (void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
}
