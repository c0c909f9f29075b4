/* What the Windows half shares: error numbers, UTF-16, sockets' start-up, staying loaded. */
#ifndef MP_PROCESS_SYSTEM_WINDOWS_H
#define MP_PROCESS_SYSTEM_WINDOWS_H

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <winsock2.h>

#include <windows.h>

#include <stdbool.h>

#include <mp/c/socket.h>
#include <mp/process/error.h>

/** The status of GetLastError() or WSAGetLastError(). */
int mp_priv_status_of(DWORD code);

/** The system failed: mp_priv_fail_code for its number. */
#define MP_PRIV_FAIL_SYSTEM(reterr, code, stage, ...) \
    mp_priv_fail_code(reterr, mp_priv_status_of(code), (int)(code), stage, __VA_ARGS__)

/** Close a handle; NULL and INVALID_HANDLE_VALUE are allowed. Keeps the last error. Returns NULL. */
HANDLE mp_priv_close(HANDLE handle);

/** UTF-8 to UTF-16. count (NUL included) may be NULL. Freed with free. Returns 0, MP_EILSEQ, MP_ENOMEM. */
int mp_priv_wide(const char *text, wchar_t **ret_wide, size_t *ret_count);

/** Start Winsock, once in this process. */
int mp_priv_winsock_start(mp_error *reterr);

/** From now on this library can't be unloaded: called before code of it is left to run on another thread. Returns 0 or a
 *  negative status. */
int mp_priv_stay_loaded(void);

/** mp_socket_pair, whose second socket has these flags of WSASocket. */
int mp_priv_socket_pair(mp_socket *ret_first, mp_socket *ret_second, DWORD second_flags, mp_error *reterr);

#endif
