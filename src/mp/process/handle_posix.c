#define _GNU_SOURCE
#include <mp/c/handle.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/fd_posix.h>
#include <mp/process/options.h>
#include <mp/process/sys.h>

int mp_handle_close(mp_handle handle)
{
    if (handle == MP_HANDLE_INVALID) return 0;
    const int saved = errno;
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    /* After EINTR the descriptor is gone on Linux: trying again could close another thread's. */
    const int r = close(handle) < 0 && errno != EINTR ? -errno : 0;
    pthread_setcancelstate(cancel_state, &cancel_state);
    errno = saved;
    return r;
}

int mp_priv_fd_close(int fd)
{
    (void)mp_handle_close(fd);
    return -1;
}

int mp_handle_duplicate(mp_handle handle, mp_handle *ret_handle, mp_error *reterr)
{
    if (ret_handle == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "duplicate descriptor: an argument is NULL");
    }
    const int copy = fcntl(handle, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return mp_priv_fail(reterr, -errno, MP_STAGE_SOCKET, "duplicate descriptor %d", handle);
    *ret_handle = copy;
    return 0;
}

int mp_priv_handle_check(mp_handle handle)
{
    return mp_priv_sys.get_fd_flags(handle) < 0 ? MP_EBADF : 0;
}

bool mp_priv_stdio_is_open(int number)
{
    return fcntl(number, F_GETFD) >= 0;
}
