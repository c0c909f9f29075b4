#include <mp/process/system_windows.h>

#include <stdlib.h>
#include <string.h>

#include <mp/c/process.h>

#ifndef WSA_FLAG_NO_HANDLE_INHERIT
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80
#endif

enum { INFO_MAX = 60, BUSY_MS = 1000 };

static const char prefix[] = "\\\\.\\pipe\\mp-";

static bool is_pipe_path(const char *text)
{
    const size_t length = strlen(prefix);
    if (strncmp(text, prefix, length) != 0) return false;
    const char *rest = text + length;
    return rest[0] != '\0' && strspn(rest, "0123456789-") == strlen(rest);
}

/* Returns the system's code. */
static DWORD read_whole(HANDLE pipe, void *data, DWORD size)
{
    for (DWORD used = 0, n; used < size; used += n) {
        if (!ReadFile(pipe, (char *)data + used, size - used, &n, NULL)) return GetLastError();
        if (n == 0) return ERROR_BROKEN_PIPE;
    }
    return 0;
}

/* Returns the system's code. */
static DWORD make_socket(WSAPROTOCOL_INFOW *info, mp_socket *ret_socket)
{
    const SOCKET socket = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0,
                                     WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (socket == INVALID_SOCKET) return (DWORD)WSAGetLastError();
    *ret_socket = socket;
    return 0;
}

/* Returns the system's code. */
static DWORD fetch(HANDLE pipe, mp_socket *ret_socket)
{
    WSAPROTOCOL_INFOW info;
    DWORD n, code = read_whole(pipe, &info, sizeof(info));
    if (code != 0) return code;
    mp_socket socket = MP_SOCKET_INVALID;
    code = make_socket(&info, &socket);
    if (code != 0) return code;
    if (!WriteFile(pipe, "", 1, &n, NULL)) {
        code = GetLastError();
        (void)mp_socket_close(socket);
        return code;
    }
    *ret_socket = socket;
    return 0;
}

/* Returns the system's code. */
static DWORD open_pipe(const wchar_t *path, HANDLE *ret_pipe)
{
    for (;;) {
        /* Identification only: whoever serves the pipe can't act in our name. */
        *ret_pipe = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                                SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (*ret_pipe != INVALID_HANDLE_VALUE) return 0;
        const DWORD code = GetLastError();
        if (code != ERROR_PIPE_BUSY) return code;
        /* Until the parent has sent away who came first, or closes the pipe. */
        (void)WaitNamedPipeW(path, BUSY_MS);
    }
}

/* Returns the system's code. */
static DWORD connect_to(const wchar_t *path, mp_socket *ret_socket)
{
    HANDLE pipe;
    DWORD code = open_pipe(path, &pipe);
    if (code != 0) return code;
    code = fetch(pipe, ret_socket);
    mp_priv_close(pipe);
    return code;
}

int mp_start_spawned(const char *connect_info, mp_socket *ret_socket, mp_error *reterr)
{
    if (connect_info == NULL || ret_socket == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "connect info: an argument is NULL");
    }
    const struct mp_priv_quoted quoted = mp_priv_quote(connect_info, INFO_MAX);
    if (!is_pipe_path(connect_info)) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_CONNECT, "connect info %s is no pipe path", quoted.text);
    }
    int r = mp_priv_winsock_start(reterr);
    if (r < 0) return r;
    wchar_t *path;
    r = mp_priv_wide(connect_info, &path, NULL);
    if (r < 0) return mp_priv_fail_code(reterr, r, 0, MP_STAGE_CONNECT, "connect info %s", quoted.text);
    const DWORD code = connect_to(path, ret_socket);
    free(path);
    return code == 0 ? 0 : MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_CONNECT, "connect info %s", quoted.text);
}
