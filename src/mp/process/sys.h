/* The system calls of the POSIX half, as a table: tests replace entries to make the nth call fail.
 * What only gives up a resource (close, munmap, free) can't fail usefully and is called directly. */
#ifndef MP_PROCESS_SYS_H
#define MP_PROCESS_SYS_H

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mp_exit;

struct addrinfo;
struct stat;

/* X(type, name, parameters, arguments). On failure each returns -1 or NULL and sets errno. Every
 * descriptor is close-on-exec from birth. make_copy is fork(); neither SIGCHLD nor a plain wait tells of an unseen
 * one, in which nothing may be done but to make a copy and to exit. pidfd_exit tells how a process ended that another
 * one has reaped. */
#define MP_PRIV_SYS_PROCESS_MAP(X) \
    X(void *, alloc, (size_t size), (size)) \
    X(void *, map_stack, (size_t size), (size)) \
    X(int, open_null, (void), ()) \
    X(int, open_dir, (const char *path), (path)) \
    X(int, make_pipe, (int fd[2]), (fd)) \
    X(int, make_socketpair, (int fd[2]), (fd)) \
    X(int, get_fd_flags, (int fd), (fd)) \
    X(int, clone_child, (int (*run)(void *), void *stack_top, int flags, void *arg, int *ret_pidfd), \
      (run, stack_top, flags, arg, ret_pidfd)) \
    X(int, make_copy, (void), ()) \
    X(int, make_unseen_copy, (void), ()) \
    X(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size)) \
    X(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size)) \
    X(int, poll, (struct pollfd *fds, unsigned count, int timeout_ms), (fds, count, timeout_ms)) \
    X(int, waitid, (int type, int id, siginfo_t *info, int options, struct rusage *usage), \
      (type, id, info, options, usage)) \
    X(int, kill, (int pid, int signal), (pid, signal)) \
    X(int, pidfd_open, (int pid), (pid)) \
    X(int, pidfd_exit, (int pidfd, struct mp_exit *ret_exit), (pidfd, ret_exit)) \
    X(int, pidfd_send_signal, (int pidfd, int signal, unsigned flags), (pidfd, signal, flags)) \
    X(int, thread_start, (void *(*run)(void *), void *arg), (run, arg)) \
    X(int, epoll_make, (void), ()) \
    X(int, epoll_add, (int epoll, int fd), (epoll, fd)) \
    X(ssize_t, send, (int fd, const void *data, size_t size), (fd, data, size)) \
    X(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags)) \
    X(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))

/* What addresses need. Sockets are stream sockets. resolve gives stream addresses, freed with freeaddrinfo, to a host and
 * a port in decimal. open_lock makes an empty file, or opens what is there; lock doesn't wait. The _at functions don't
 * follow a link that has the name, but for set_mode_at. */
#define MP_PRIV_SYS_ADDRESS_MAP(X) \
    X(int, make_socket, (int family), (family)) \
    X(int, set_option, (int fd, int level, int name, const void *value, socklen_t size), \
      (fd, level, name, value, size)) \
    X(int, get_option, (int fd, int level, int name, int *ret_value), (fd, level, name, ret_value)) \
    X(int, get_name, (int fd, struct sockaddr_storage *ret_name, socklen_t *ret_size), (fd, ret_name, ret_size)) \
    X(int, get_peer, (int fd, struct sockaddr_storage *ret_name, socklen_t *ret_size), (fd, ret_name, ret_size)) \
    X(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size)) \
    X(int, listen, (int fd, int backlog), (fd, backlog)) \
    X(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size)) \
    X(int, resolve, (const char *host, const char *port, struct addrinfo **ret_list), (host, port, ret_list)) \
    X(int, open_lock, (int dir, const char *name), (dir, name)) \
    X(int, lock, (int fd), (fd)) \
    X(int, get_status, (int fd, struct stat *ret_status), (fd, ret_status)) \
    X(int, get_status_at, (int dir, const char *name, struct stat *ret_status), (dir, name, ret_status)) \
    X(int, set_mode, (int fd, mode_t mode), (fd, mode)) \
    X(int, set_mode_at, (int dir, const char *name, mode_t mode), (dir, name, mode)) \
    X(int, unlink_at, (int dir, const char *name), (dir, name))

#define MP_PRIV_SYS_MAP(X) MP_PRIV_SYS_PROCESS_MAP(X) MP_PRIV_SYS_ADDRESS_MAP(X)

#define MP_PRIV_SYS_FUNCTION(type, name, parameters, arguments) type mp_priv_sys_##name parameters;
MP_PRIV_SYS_ADDRESS_MAP(MP_PRIV_SYS_FUNCTION)
#undef MP_PRIV_SYS_FUNCTION

struct mp_priv_sys {
#define MP_PRIV_SYS_MEMBER(type, name, parameters, arguments) type (*name) parameters;
    MP_PRIV_SYS_MAP(MP_PRIV_SYS_MEMBER)
#undef MP_PRIV_SYS_MEMBER
};

/** The table in use. Written by tests only, while no other thread is in the library. */
extern struct mp_priv_sys mp_priv_sys;

/** The monotonic clock, in milliseconds. */
int64_t mp_priv_now_ms(void);

/** The calling thread's number in the system; 0 where there is none. */
int mp_priv_thread_number(void);

/** Take fd out of an epoll set again. */
void mp_priv_epoll_remove(int epoll, int fd);

/* The id types and flags of waitid and pidfd_send_signal that older headers lack. */
enum { MP_PRIV_P_PIDFD = 3, MP_PRIV_PIDFD_SIGNAL_GROUP = 4 };
#ifdef __linux__
enum { MP_PRIV_WAIT_ALL = 0x40000000 }; /* __WALL: also a child without an exit signal */
#else
enum { MP_PRIV_WAIT_ALL = 0 };
#endif

/* How clone_child makes the child; systems without clone() take any of them for fork(). */
enum {
    MP_PRIV_CLONE_VM = 0x100,
    MP_PRIV_CLONE_PIDFD = 0x1000,
    MP_PRIV_CLONE_VFORK = 0x4000
};

#ifdef __linux__
/* The sanitizers of newer compilers replace clone() by a version that assumes a copy of the memory;
 * the C library's other name for it is not replaced. */
#if defined(__GLIBC__) && !defined(__cplusplus)
extern int __clone(int (*run)(void *), void *stack, int flags, void *arg, ...); /* NOLINT: the library's name */
#define MP_PRIV_CLONE __clone
#elif !defined(__cplusplus)
extern int clone(int (*run)(void *), void *stack, int flags, void *arg, ...);
#define MP_PRIV_CLONE clone
#endif
#endif

#ifdef __cplusplus
}
#endif

#endif
