/* <mp/c/handle.h>: the operating system's handle: a file descriptor, or a HANDLE on Windows. */
#ifndef MP_C_HANDLE_H
#define MP_C_HANDLE_H

#include <mp/c/error.h>
#include <mp/c/export.h>

#ifdef _WIN32
typedef void *mp_handle; /* HANDLE */
#define MP_HANDLE_INVALID ((mp_handle)(~(uintptr_t)0)) /* INVALID_HANDLE_VALUE */
#else
typedef int mp_handle;
#define MP_HANDLE_INVALID (-1)
#endif

MP_BEGIN_DECLS

/** Close a handle; MP_HANDLE_INVALID is allowed and does nothing. The handle is gone whatever is
 *  returned. AnyThread; keeps errno.
 *  Returns 0 or a negative status (MP_EBADF: it was not open). */
MP_API int mp_handle_close(mp_handle handle);

/** Duplicate a handle; the copy is not inherited by children (close-on-exec from birth). AnyThread.
 *  ret_handle  set on success only; the caller closes it.
 *  Returns 0, MP_EINVAL, MP_EBADF, MP_EMFILE, or another negative status. */
MP_API MP_NODISCARD int mp_handle_duplicate(mp_handle handle, mp_handle *ret_handle, mp_error *reterr);

MP_END_DECLS

#endif
