#include <mp/c/handle.h>

#include <errno.h>

#include <mp/process/options.h>
#include <mp/process/system_windows.h>

HANDLE mp_priv_close(HANDLE handle)
{
    (void)mp_handle_close(handle);
    return NULL;
}

int mp_handle_close(mp_handle handle)
{
    if (handle == NULL || handle == MP_HANDLE_INVALID) return 0;
    const int saved = errno;
    const DWORD saved_code = GetLastError();
    const int r = CloseHandle(handle) ? 0 : mp_priv_status_of(GetLastError());
    SetLastError(saved_code);
    errno = saved;
    return r;
}

int mp_handle_duplicate(mp_handle handle, mp_handle *ret_handle, mp_error *reterr)
{
    if (ret_handle == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "duplicate handle: an argument is NULL");
    }
    HANDLE copy;
    const HANDLE self = GetCurrentProcess();
    if (mp_priv_handle_check(handle) < 0) {
        return MP_PRIV_FAIL_SYSTEM(reterr, ERROR_INVALID_HANDLE, MP_STAGE_SOCKET, "duplicate handle %p", handle);
    }
    if (!DuplicateHandle(self, handle, self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        return MP_PRIV_FAIL_SYSTEM(reterr, GetLastError(), MP_STAGE_SOCKET, "duplicate handle %p", handle);
    }
    *ret_handle = copy;
    return 0;
}

int mp_priv_handle_check(mp_handle handle)
{
    DWORD flags;
    /* The number of the latter stands for this process as well. */
    if (handle == NULL || handle == MP_HANDLE_INVALID) return MP_EBADF;
    return GetHandleInformation(handle, &flags) ? 0 : MP_EBADF;
}

bool mp_priv_stdio_is_open(int number)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    return mp_priv_handle_check(GetStdHandle(names[number])) == 0;
}
