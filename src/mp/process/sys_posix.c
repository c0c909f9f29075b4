#define _GNU_SOURCE
#include <mp/process/sys.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mp/c/process.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#endif

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#ifndef MSG_CMSG_CLOEXEC
#define MSG_CMSG_CLOEXEC 0
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static void *sys_alloc(size_t size)
{
    return calloc(1, size);
}

static void *sys_map_stack(size_t size)
{
    void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return stack == MAP_FAILED ? NULL : stack;
}

static int sys_open_null(void)
{
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int sys_open_dir(const char *path)
{
#ifdef O_PATH /* needs no permission to read it */
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
#else
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
#endif
}

int64_t mp_priv_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int sys_make_copy(void)
{
    return (int)fork();
}

static int sys_make_unseen_copy(void)
{
#ifdef __linux__
    return (int)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L); /* no signal at its end; the order of arguments differs */
#else
    return (int)fork();
#endif
}

static int sys_get_fd_flags(int fd)
{
    return fcntl(fd, F_GETFD);
}

static ssize_t sys_read(int fd, void *data, size_t size)
{
    return read(fd, data, size);
}

static ssize_t sys_write(int fd, const void *data, size_t size)
{
    return write(fd, data, size);
}

static int sys_poll(struct pollfd *fds, unsigned count, int timeout_ms)
{
    return poll(fds, count, timeout_ms);
}

static int sys_kill(int pid, int signal)
{
    return kill(pid, signal);
}

static ssize_t sys_send(int fd, const void *data, size_t size)
{
    return send(fd, data, size, MSG_NOSIGNAL);
}

static ssize_t sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return sendmsg(fd, message, MSG_NOSIGNAL | flags);
}

static ssize_t sys_recvmsg(int fd, struct msghdr *message, int flags)
{
    return recvmsg(fd, message, MSG_CMSG_CLOEXEC | flags);
}

static int sys_thread_start(void *(*run)(void *), void *arg)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;
    int err = pthread_attr_init(&attributes);
    if (err == 0) {
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        /* The application's signals belong to the application's threads. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        err = pthread_create(&thread, &attributes, run, arg);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
    }
    errno = err;
    return err == 0 ? 0 : -1;
}

#ifdef __linux__

static int sys_clone_child(int (*run)(void *), void *stack_top, int flags, void *arg, int *ret_pidfd)
{
    return MP_PRIV_CLONE(run, stack_top, flags, arg, ret_pidfd);
}

static int sys_make_pipe(int fd[2])
{
    return pipe2(fd, O_CLOEXEC);
}

static int sys_make_socketpair(int fd[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd);
}

static int sys_waitid(int type, int id, siginfo_t *info, int options, struct rusage *usage)
{
    return (int)syscall(SYS_waitid, type, id, info, options, usage); /* libc's has no usage */
}

int mp_priv_thread_number(void)
{
    return (int)syscall(SYS_gettid);
}

static int sys_pidfd_open(int pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int sys_pidfd_send_signal(int pidfd, int signal, unsigned flags)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, flags);
}

/* The beginning of what newer headers call struct pidfd_info; and the exit status among it. */
struct pidfd_info_exit {
    uint64_t mask;
    uint64_t cgroup;
    uint32_t numbers[11];
    int32_t exit_code;
};
enum { PIDFD_INFO_EXIT_BIT = 8 };
#define PIDFD_GET_INFO_EXIT _IOWR(0xFF, 11, struct pidfd_info_exit)

/* Linux 6.15 and newer, as long as the pidfd is open. */
static int sys_pidfd_exit(int pidfd, mp_exit *ret_exit)
{
    struct pidfd_info_exit info = {.mask = PIDFD_INFO_EXIT_BIT};
    if (ioctl(pidfd, PIDFD_GET_INFO_EXIT, &info) < 0) return -1;
    if ((info.mask & PIDFD_INFO_EXIT_BIT) == 0) {
        errno = ESRCH;
        return -1;
    }
    const int status = info.exit_code;
    memset(ret_exit, 0, sizeof(*ret_exit));
    ret_exit->how = WIFEXITED(status) ? MP_EXIT_EXITED : MP_EXIT_SIGNALED;
    ret_exit->value = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    ret_exit->core_dumped = !WIFEXITED(status) && WCOREDUMP(status);
    return 0;
}

static int sys_epoll_make(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

static int sys_epoll_add(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void mp_priv_epoll_remove(int epoll, int fd)
{
    (void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

#else

static int sys_unsupported(void)
{
    errno = ENOSYS;
    return -1;
}

static int sys_clone_child(int (*run)(void *), void *stack_top, int flags, void *arg, int *ret_pidfd)
{
    (void)stack_top;
    (void)flags;
    (void)ret_pidfd;
    const pid_t pid = fork();
    if (pid == 0) _exit(run(arg));
    return (int)pid;
}

static int sys_set_cloexec(int fd[2], int r)
{
    if (r == 0) {
        (void)fcntl(fd[0], F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd[1], F_SETFD, FD_CLOEXEC);
    }
    return r;
}

static int sys_make_pipe(int fd[2])
{
    return sys_set_cloexec(fd, pipe(fd));
}

static int sys_make_socketpair(int fd[2])
{
    const int r = sys_set_cloexec(fd, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
#ifdef SO_NOSIGPIPE
    const int on = 1;
    for (int i = 0; r == 0 && i < 2; i++) (void)setsockopt(fd[i], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
    return r;
}

static int sys_waitid(int type, int id, siginfo_t *info, int options, struct rusage *usage)
{
    (void)usage;
    return waitid((idtype_t)type, (id_t)id, info, options);
}

int mp_priv_thread_number(void)
{
    return 0;
}

static int sys_pidfd_open(int pid)
{
    (void)pid;
    return sys_unsupported();
}

static int sys_pidfd_exit(int pidfd, mp_exit *ret_exit)
{
    (void)pidfd;
    (void)ret_exit;
    return sys_unsupported();
}

static int sys_pidfd_send_signal(int pidfd, int signal, unsigned flags)
{
    (void)flags;
    (void)pidfd;
    (void)signal;
    return sys_unsupported();
}

static int sys_epoll_make(void)
{
    return sys_unsupported();
}

static int sys_epoll_add(int epoll, int fd)
{
    (void)epoll;
    (void)fd;
    return sys_unsupported();
}

void mp_priv_epoll_remove(int epoll, int fd)
{
    (void)epoll;
    (void)fd;
}

#endif

struct mp_priv_sys mp_priv_sys = {
#define SYS_ENTRY(type, name, parameters, arguments) .name = sys_##name,
    MP_PRIV_SYS_PROCESS_MAP(SYS_ENTRY)
#undef SYS_ENTRY
#define SYS_ENTRY(type, name, parameters, arguments) .name = mp_priv_sys_##name,
    MP_PRIV_SYS_ADDRESS_MAP(SYS_ENTRY)
#undef SYS_ENTRY
};
