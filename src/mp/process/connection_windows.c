/* A socket can be duplicated for a process only once that runs, so the child fetches its end: it opens a
 * named pipe, whose path is the connect info, reads what WSADuplicateSocket said for its pid, and answers with a byte
 * when it has the socket. */
#define _CRT_RAND_S
#include <mp/process/process_windows.h>

#include <mp/process/connection.h>

#include <stdio.h>
#include <stdlib.h>

enum { PIPE_BUFFER_SIZE = 4096, NAME_MAX_SIZE = 80 };

/* Who this process is, and a list of who may open the pipe: nobody else. */
struct access {
    union {
        TOKEN_USER user;
        char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } owner;
    union {
        ACL acl;
        char room[sizeof(ACL) + sizeof(ACCESS_ALLOWED_ACE) + SECURITY_MAX_SID_SIZE];
    } list;
    SECURITY_DESCRIPTOR descriptor;
};

/* Returns the system's code. */
static DWORD find_owner(struct access *access)
{
    HANDLE token;
    DWORD size, code = 0;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return GetLastError();
    if (!GetTokenInformation(token, TokenUser, &access->owner, sizeof(access->owner), &size)) code = GetLastError();
    mp_priv_close(token);
    return code;
}

/* Returns the system's code. */
static DWORD allow_owner(struct access *access)
{
    const DWORD code = find_owner(access);
    if (code != 0) return code;
    if (InitializeAcl(&access->list.acl, sizeof(access->list), ACL_REVISION) &&
        AddAccessAllowedAce(&access->list.acl, ACL_REVISION, GENERIC_ALL, access->owner.user.User.Sid) &&
        InitializeSecurityDescriptor(&access->descriptor, SECURITY_DESCRIPTOR_REVISION) &&
        SetSecurityDescriptorDacl(&access->descriptor, TRUE, &access->list.acl, FALSE)) {
        return 0;
    }
    return GetLastError();
}

/* Nobody can guess it, and take it before us. */
static bool make_name(char *info, size_t info_size)
{
    unsigned number[2];
    if (rand_s(&number[0]) != 0 || rand_s(&number[1]) != 0) return false;
    snprintf(info, info_size, "\\\\.\\pipe\\mp-%lu-%u-%u", GetCurrentProcessId(), number[0], number[1]);
    return true;
}

/* Returns the system's code. */
static DWORD make_pipe(char *info, size_t info_size, HANDLE *ret_pipe)
{
    struct access access;
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), &access.descriptor, FALSE};
    wchar_t path[NAME_MAX_SIZE];
    const DWORD code = allow_owner(&access);
    if (code != 0) return code;
    if (!make_name(info, info_size)) return ERROR_NOT_ENOUGH_MEMORY;
    if (MultiByteToWideChar(CP_UTF8, 0, info, -1, path, NAME_MAX_SIZE) == 0) return GetLastError();
    *ret_pipe = CreateNamedPipeW(path, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
                                 PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, PIPE_BUFFER_SIZE,
                                 PIPE_BUFFER_SIZE, 0, &attributes);
    return *ret_pipe == INVALID_HANDLE_VALUE ? GetLastError() : 0;
}

int mp_priv_connection_open(struct mp_priv_connection *connection, struct mp_priv_spawn *spawn, mp_error *reterr)
{
    (void)spawn;
    connection->ours = connection->theirs = MP_SOCKET_INVALID;
    connection->pipe = MP_HANDLE_INVALID;
    const int r = mp_socket_pair(&connection->theirs, &connection->ours, reterr);
    if (r < 0) return r;
    const DWORD code = make_pipe(connection->info, sizeof(connection->info), &connection->pipe);
    if (code != 0) {
        mp_priv_connection_close(connection);
        return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_CONNECT, "pipe for the connect info");
    }
    return 0;
}

/* Finish an operation on the pipe, or give it up when the child ends first. Returns a system code. */
static DWORD finish(HANDLE pipe, OVERLAPPED *operation, BOOL done, HANDLE child)
{
    DWORD count;
    if (done) return 0;
    const DWORD code = GetLastError();
    if (code == ERROR_PIPE_CONNECTED) return 0;
    if (code != ERROR_IO_PENDING) return code;
    const HANDLE either[] = {operation->hEvent, child};
    if (WaitForMultipleObjects(2, either, FALSE, INFINITE) != WAIT_OBJECT_0) (void)CancelIoEx(pipe, operation);
    /* The operation uses our memory: in any case it has to be over. */
    if (GetOverlappedResult(pipe, operation, &count, TRUE)) return 0;
    return GetLastError();
}

/* Any process of this user may open the pipe first, and is sent away. Returns a system code. */
static DWORD await_child(HANDLE pipe, const mp_process *process, HANDLE event)
{
    for (;;) {
        ULONG pid;
        OVERLAPPED operation = {.hEvent = event};
        const BOOL done = ConnectNamedPipe(pipe, &operation);
        const DWORD code = finish(pipe, &operation, done, process->handle);
        if (code == 0 && GetNamedPipeClientProcessId(pipe, &pid) && pid == process->pid) return 0;
        /* It may also be gone already: "no data". */
        if (code != 0 && code != ERROR_NO_DATA) return code;
        if (!DisconnectNamedPipe(pipe)) return GetLastError();
    }
}

static DWORD send_socket(const struct mp_priv_connection *connection, const mp_process *process, HANDLE event)
{
    WSAPROTOCOL_INFOW info;
    DWORD code = await_child(connection->pipe, process, event);
    if (code != 0) return code;
    if (WSADuplicateSocketW(connection->theirs, process->pid, &info) != 0) return (DWORD)WSAGetLastError();
    OVERLAPPED operation = {.hEvent = event};
    BOOL done = WriteFile(connection->pipe, &info, sizeof(info), NULL, &operation);
    code = finish(connection->pipe, &operation, done, process->handle);
    if (code != 0) return code;
    char answer;
    operation = (OVERLAPPED){.hEvent = event};
    done = ReadFile(connection->pipe, &answer, sizeof(answer), NULL, &operation);
    return finish(connection->pipe, &operation, done, process->handle);
}

int mp_priv_connection_hand_over(struct mp_priv_connection *connection, mp_process *process, mp_error *reterr)
{
    const HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (event == NULL) return MP_PRIV_FAIL_SYSTEM(reterr, GetLastError(), MP_STAGE_CONNECT, "event for the pipe");
    const DWORD code = send_socket(connection, process, event);
    mp_priv_close(event);
    (void)mp_socket_close(connection->theirs);
    connection->theirs = MP_SOCKET_INVALID;
    if (code == 0) return 0;
    /* Its pipe breaks a little before the child itself has ended. */
    if (mp_priv_status_of(code) == MP_EPIPE || WaitForSingleObject(process->handle, 0) == WAIT_OBJECT_0) {
        return mp_priv_fail_code(reterr, MP_ECONNABORTED, (int)code, MP_STAGE_CONNECT,
                                 "child process exited before connecting to named pipe");
    }
    return MP_PRIV_FAIL_SYSTEM(reterr, code, MP_STAGE_CONNECT, "hand the connection to the child");
}

void mp_priv_connection_close(struct mp_priv_connection *connection)
{
    (void)mp_socket_close(connection->ours);
    (void)mp_socket_close(connection->theirs);
    mp_priv_close(connection->pipe);
}
