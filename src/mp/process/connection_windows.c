/* A socket can be duplicated for a process only once that runs, so the child fetches its end: it opens a
 * named pipe, whose path is the connect info, and reads what WSADuplicateSocket said for its pid. */
#include <mp/process/process_windows.h>

#include <mp/process/connection.h>

#include <stdio.h>

enum { PIPE_BUFFER_SIZE = 4096 };

static HANDLE make_pipe(char *info, size_t info_size)
{
    static volatile LONG counter;
    wchar_t path[80];
    const unsigned long pid = GetCurrentProcessId();
    const unsigned long number = (unsigned long)InterlockedIncrement(&counter);
    snprintf(info, info_size, "\\\\.\\pipe\\mp-%lu-%lu", pid, number);
    if (MultiByteToWideChar(CP_UTF8, 0, info, -1, path, 80) == 0) return INVALID_HANDLE_VALUE;
    /* First instance: fails if another process squats on the name. */
    return CreateNamedPipeW(path, PIPE_ACCESS_OUTBOUND | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
                            PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, PIPE_BUFFER_SIZE, 0, 0, NULL);
}

int mp_priv_connection_open(struct mp_priv_connection *connection, struct mp_priv_spawn *spawn, mp_error *reterr)
{
    (void)spawn;
    connection->ours = connection->theirs = MP_SOCKET_INVALID;
    connection->pipe = MP_HANDLE_INVALID;
    const int r = mp_socket_pair(&connection->theirs, &connection->ours, reterr);
    if (r < 0) return r;
    connection->pipe = make_pipe(connection->info, sizeof(connection->info));
    if (connection->pipe == INVALID_HANDLE_VALUE) {
        const DWORD code = GetLastError();
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

static DWORD send_socket(const struct mp_priv_connection *connection, const mp_process *process, HANDLE event)
{
    WSAPROTOCOL_INFOW info;
    OVERLAPPED operation = {.hEvent = event};
    BOOL done = ConnectNamedPipe(connection->pipe, &operation);
    DWORD code = finish(connection->pipe, &operation, done, process->handle);
    if (code != 0) return code;
    if (WSADuplicateSocketW(connection->theirs, process->pid, &info) != 0) return (DWORD)WSAGetLastError();
    operation = (OVERLAPPED){.hEvent = event};
    done = WriteFile(connection->pipe, &info, sizeof(info), NULL, &operation);
    code = finish(connection->pipe, &operation, done, process->handle);
    /* Until the child has read it: closing the pipe may drop what is in it. */
    if (code == 0 && !FlushFileBuffers(connection->pipe)) code = GetLastError();
    return code;
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
    if (WaitForSingleObject(process->handle, 0) == WAIT_OBJECT_0) {
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
