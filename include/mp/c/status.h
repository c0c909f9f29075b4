/* <mp/c/status.h>: the status codes that functions return. */
#ifndef MP_C_STATUS_H
#define MP_C_STATUS_H

#include <errno.h>

#include <mp/c/export.h>

/* A status is 0 or a count on success and negative on failure. Codes equal -errno where the
 * platform has that errno, and come from the block at -4000 where it does not, so the numbers
 * differ between systems: compare them by name and never send them to another machine. */

#ifdef EREMOTEIO
#define MP_PRIV_EREMOTEIO (-EREMOTEIO)
#else
#define MP_PRIV_EREMOTEIO (-4001)
#endif
#ifdef ESTALE
#define MP_PRIV_ESTALE (-ESTALE)
#else
#define MP_PRIV_ESTALE (-4002)
#endif
#ifdef EDQUOT
#define MP_PRIV_EDQUOT (-EDQUOT)
#else
#define MP_PRIV_EDQUOT (-4003)
#endif
#ifdef ENOTSUP
#define MP_PRIV_ENOTSUP (-ENOTSUP)
#else
#define MP_PRIV_ENOTSUP (-4004)
#endif
#ifdef EHOSTDOWN
#define MP_PRIV_EHOSTDOWN (-EHOSTDOWN)
#else
#define MP_PRIV_EHOSTDOWN (-4005)
#endif
#ifdef ESHUTDOWN
#define MP_PRIV_ESHUTDOWN (-ESHUTDOWN)
#else
#define MP_PRIV_ESHUTDOWN (-4006)
#endif
#ifdef EUSERS
#define MP_PRIV_EUSERS (-EUSERS)
#else
#define MP_PRIV_EUSERS (-4007)
#endif

/** X(name without MP_, value, text) for every status but MP_OK. */
#define MP_STATUS_MAP(X) \
    X(EPERM, -EPERM, "Operation not permitted") \
    X(ENOENT, -ENOENT, "No such file or directory") \
    X(ESRCH, -ESRCH, "No such process") \
    X(EINTR, -EINTR, "Interrupted system call") \
    X(EIO, -EIO, "Input/output error") \
    X(ENXIO, -ENXIO, "No such device or address") \
    X(E2BIG, -E2BIG, "Argument list too long") \
    X(ENOEXEC, -ENOEXEC, "Exec format error") \
    X(EBADF, -EBADF, "Bad file descriptor") \
    X(ECHILD, -ECHILD, "No child processes") \
    X(EAGAIN, -EAGAIN, "Resource temporarily unavailable") \
    X(ENOMEM, -ENOMEM, "Cannot allocate memory") \
    X(EACCES, -EACCES, "Permission denied") \
    X(EFAULT, -EFAULT, "Bad address") \
    X(EBUSY, -EBUSY, "Device or resource busy") \
    X(EEXIST, -EEXIST, "File exists") \
    X(ENODEV, -ENODEV, "No such device") \
    X(ENOTDIR, -ENOTDIR, "Not a directory") \
    X(EISDIR, -EISDIR, "Is a directory") \
    X(EINVAL, -EINVAL, "Invalid argument") \
    X(ENFILE, -ENFILE, "Too many open files in system") \
    X(EMFILE, -EMFILE, "Too many open files") \
    X(EFBIG, -EFBIG, "File too large") \
    X(ENOSPC, -ENOSPC, "No space left on device") \
    X(ESPIPE, -ESPIPE, "Illegal seek") \
    X(EROFS, -EROFS, "Read-only file system") \
    X(EMLINK, -EMLINK, "Too many links") \
    X(EPIPE, -EPIPE, "Broken pipe") \
    X(ERANGE, -ERANGE, "Numerical result out of range") \
    X(EDEADLK, -EDEADLK, "Resource deadlock avoided") \
    X(ENAMETOOLONG, -ENAMETOOLONG, "File name too long") \
    X(ENOSYS, -ENOSYS, "Function not implemented") \
    X(ENOTEMPTY, -ENOTEMPTY, "Directory not empty") \
    X(ELOOP, -ELOOP, "Too many levels of symbolic links") \
    X(ETXTBSY, -ETXTBSY, "Text file busy") \
    X(EPROTO, -EPROTO, "Protocol error") \
    X(EOVERFLOW, -EOVERFLOW, "Value too large for defined data type") \
    X(EILSEQ, -EILSEQ, "Invalid or incomplete multibyte character") \
    X(ENOTSOCK, -ENOTSOCK, "Socket operation on non-socket") \
    X(EDESTADDRREQ, -EDESTADDRREQ, "Destination address required") \
    X(EMSGSIZE, -EMSGSIZE, "Message too long") \
    X(EPROTOTYPE, -EPROTOTYPE, "Protocol wrong type for socket") \
    X(ENOPROTOOPT, -ENOPROTOOPT, "Protocol not available") \
    X(EPROTONOSUPPORT, -EPROTONOSUPPORT, "Protocol not supported") \
    X(ENOTSUP, MP_PRIV_ENOTSUP, "Operation not supported") \
    X(EAFNOSUPPORT, -EAFNOSUPPORT, "Address family not supported") \
    X(EADDRINUSE, -EADDRINUSE, "Address already in use") \
    X(EADDRNOTAVAIL, -EADDRNOTAVAIL, "Cannot assign requested address") \
    X(ENETDOWN, -ENETDOWN, "Network is down") \
    X(ENETUNREACH, -ENETUNREACH, "Network is unreachable") \
    X(ENETRESET, -ENETRESET, "Network dropped connection on reset") \
    X(ECONNABORTED, -ECONNABORTED, "Connection aborted") \
    X(ECONNRESET, -ECONNRESET, "Connection reset by peer") \
    X(ENOBUFS, -ENOBUFS, "No buffer space available") \
    X(EISCONN, -EISCONN, "Already connected") \
    X(ENOTCONN, -ENOTCONN, "Not connected") \
    X(ESHUTDOWN, MP_PRIV_ESHUTDOWN, "Cannot send after shutdown") \
    X(ETIMEDOUT, -ETIMEDOUT, "Timed out") \
    X(ECONNREFUSED, -ECONNREFUSED, "Connection refused") \
    X(EHOSTDOWN, MP_PRIV_EHOSTDOWN, "Host is down") \
    X(EHOSTUNREACH, -EHOSTUNREACH, "No route to host") \
    X(EALREADY, -EALREADY, "Operation already in progress") \
    X(EINPROGRESS, -EINPROGRESS, "Operation in progress") \
    X(ESTALE, MP_PRIV_ESTALE, "Stale file handle") \
    X(EDQUOT, MP_PRIV_EDQUOT, "Disk quota exceeded") \
    X(ECANCELED, -ECANCELED, "Operation canceled") \
    X(EREMOTEIO, MP_PRIV_EREMOTEIO, "Remote error") \
    X(EUSERS, MP_PRIV_EUSERS, "Too many users") \
    X(EUNKNOWN, -4095, "Unknown error")

typedef enum mp_status {
    MP_OK = 0,
#define MP_PRIV_STATUS_ENUM(name, value, text) MP_##name = (value),
    MP_STATUS_MAP(MP_PRIV_STATUS_ENUM)
#undef MP_PRIV_STATUS_ENUM
} mp_status;

MP_BEGIN_DECLS

/** Symbolic name of a status ("MP_ENOENT"); "MP_OK" for 0 and for counts, "MP_EUNKNOWN" for a
 *  number that has no name here. AnyThread; a constant, never NULL. */
MP_API const char *mp_status_name(int status);

/** English text of a status ("No such file or directory"), the same on every platform and in
 *  every locale. AnyThread; a constant, never NULL. */
MP_API const char *mp_status_text(int status);

MP_END_DECLS

#endif
