#include <mp/process/system_windows.h>

#include <mp/c/socket.h>

#include <string.h>

#include <mswsock.h>
#include <ws2tcpip.h>

#ifndef WSA_FLAG_NO_HANDLE_INHERIT
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80
#endif
#ifndef SIO_AF_UNIX_GETPEERPID
#define SIO_AF_UNIX_GETPEERPID _WSAIOR(IOC_VENDOR, 256)
#endif

enum { STRANGERS_MAX = 1000 };
enum { ACCEPTED_ADDRESS_SIZE = sizeof(struct sockaddr_in) + 16 }; /* as AcceptEx wants it */

static BOOL CALLBACK start_winsock(PINIT_ONCE once, PVOID parameter, PVOID *context)
{
    (void)once;
    (void)context;
    WSADATA data;
    *(int *)parameter = WSAStartup(MAKEWORD(2, 2), &data);
    return *(int *)parameter == 0;
}

int mp_priv_winsock_start(mp_error *reterr)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    int code = 0;
    if (InitOnceExecuteOnce(&once, start_winsock, &code, NULL)) return 0;
    return MP_PRIV_FAIL_SYSTEM(reterr, (DWORD)code, MP_STAGE_SOCKET, "start Winsock");
}

static SOCKET new_socket(DWORD flags)
{
    return WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, flags | WSA_FLAG_NO_HANDLE_INHERIT);
}

static bool is_same_address(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_family == b->sin_family && a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* What accept makes is inherited until that is taken back, so the socket is made first. Returns 0 or -1. */
static int accept_into(SOCKET listener, SOCKET accepted, OVERLAPPED *operation)
{
    GUID id = WSAID_ACCEPTEX;
    LPFN_ACCEPTEX accept_ex;
    char addresses[2 * ACCEPTED_ADDRESS_SIZE];
    DWORD size, flags;
    if (WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), &accept_ex, sizeof(accept_ex), &size,
                 NULL, NULL) != 0) {
        return -1;
    }
    const BOOL done = accept_ex(listener, accepted, addresses, 0, ACCEPTED_ADDRESS_SIZE, ACCEPTED_ADDRESS_SIZE, &size,
                                operation);
    if (!done && (WSAGetLastError() != WSA_IO_PENDING ||
                  !WSAGetOverlappedResult(listener, operation, &size, TRUE, &flags))) {
        return -1;
    }
    return setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char *)&listener, sizeof(listener));
}

/* Any local process may connect to the listener first: only our own connector's address counts. */
static SOCKET accept_own(SOCKET listener, SOCKET connector, HANDLE event)
{
    struct sockaddr_in own, peer;
    int size = sizeof(own);
    if (getsockname(connector, (struct sockaddr *)&own, &size) != 0) return INVALID_SOCKET;
    for (int i = 0; i < STRANGERS_MAX; i++) {
        OVERLAPPED operation = {.hEvent = event};
        const SOCKET accepted = new_socket(WSA_FLAG_OVERLAPPED);
        if (accepted == INVALID_SOCKET) return INVALID_SOCKET;
        int r = accept_into(listener, accepted, &operation);
        size = sizeof(peer);
        if (r == 0) r = getpeername(accepted, (struct sockaddr *)&peer, &size);
        if (r == 0 && is_same_address(&own, &peer)) return accepted;
        (void)mp_socket_close(accepted);
        /* A stranger may also be gone already. */
        if (r != 0 && mp_priv_status_of((DWORD)WSAGetLastError()) != MP_ECONNRESET) return INVALID_SOCKET;
    }
    WSASetLastError(WSAECONNABORTED);
    return INVALID_SOCKET;
}

static SOCKET listen_on_loopback(struct sockaddr_in *ret_address)
{
    const BOOL on = TRUE;
    int size = sizeof(*ret_address);
    const SOCKET listener = new_socket(WSA_FLAG_OVERLAPPED);
    if (listener == INVALID_SOCKET) return INVALID_SOCKET;
    memset(ret_address, 0, sizeof(*ret_address));
    ret_address->sin_family = AF_INET;
    ret_address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (setsockopt(listener, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof(on)) == 0 &&
        bind(listener, (struct sockaddr *)ret_address, sizeof(*ret_address)) == 0 && listen(listener, SOMAXCONN) == 0 &&
        getsockname(listener, (struct sockaddr *)ret_address, &size) == 0) {
        return listener;
    }
    (void)mp_socket_close(listener);
    return INVALID_SOCKET;
}

int mp_priv_socket_pair(mp_socket *ret_first, mp_socket *ret_second, DWORD second_flags, mp_error *reterr)
{
    int r = mp_priv_winsock_start(reterr);
    if (r < 0) return r;
    struct sockaddr_in address;
    const BOOL on = TRUE;
    SOCKET listener = INVALID_SOCKET, connector = INVALID_SOCKET, accepted = INVALID_SOCKET;
    const HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (event == NULL) goto fail;
    listener = listen_on_loopback(&address);
    if (listener == INVALID_SOCKET) goto fail;
    connector = new_socket(second_flags);
    if (connector == INVALID_SOCKET) goto fail;
    if (connect(connector, (const struct sockaddr *)&address, sizeof(address)) != 0) goto fail;
    accepted = accept_own(listener, connector, event);
    if (accepted == INVALID_SOCKET) goto fail;
    (void)setsockopt(connector, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof(on));
    (void)setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof(on));
    *ret_first = accepted;
    *ret_second = connector;
    connector = accepted = INVALID_SOCKET;
    goto finish;
fail:
    r = MP_PRIV_FAIL_SYSTEM(reterr, GetLastError(), MP_STAGE_PAIR, "socket pair");
finish:
    (void)mp_socket_close(listener);
    (void)mp_socket_close(connector);
    (void)mp_socket_close(accepted);
    mp_priv_close(event);
    return r;
}

int mp_socket_pair(mp_socket *ret_first, mp_socket *ret_second, mp_error *reterr)
{
    if (ret_first == NULL || ret_second == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "socket pair: an argument is NULL");
    }
    return mp_priv_socket_pair(ret_first, ret_second, WSA_FLAG_OVERLAPPED, reterr);
}

int mp_socket_close(mp_socket socket)
{
    if (socket == MP_SOCKET_INVALID) return 0;
    const int saved = errno;
    const int saved_code = WSAGetLastError();
    const int r = closesocket(socket) == 0 ? 0 : mp_priv_status_of((DWORD)WSAGetLastError());
    WSASetLastError(saved_code);
    errno = saved;
    return r;
}

int mp_socket_set_nonblocking(mp_socket socket, int nonblocking, mp_error *reterr)
{
    u_long on = nonblocking != 0;
    if (ioctlsocket(socket, (long)FIONBIO, &on) == 0) return 0;
    return MP_PRIV_FAIL_SYSTEM(reterr, (DWORD)WSAGetLastError(), MP_STAGE_SOCKET, "set blocking mode of socket %llu",
                               (unsigned long long)socket);
}

int mp_socket_peer(mp_socket socket, mp_peer *ret_peer, mp_error *reterr)
{
    if (ret_peer == NULL) return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "peer: an argument is NULL");
    WSAPROTOCOL_INFOW info;
    int size = sizeof(info);
    ULONG pid = 0;
    DWORD got = 0;
    if (getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &size) != 0) goto fail;
    if (info.iAddressFamily != AF_UNIX) {
        return mp_priv_refuse(reterr, MP_ENOTSUP, MP_STAGE_SOCKET, "peer of socket %llu: not a local socket",
                              (unsigned long long)socket);
    }
    if (WSAIoctl(socket, SIO_AF_UNIX_GETPEERPID, NULL, 0, &pid, sizeof(pid), &got, NULL, NULL) != 0) goto fail;
    *ret_peer = (mp_peer){.pid = (int64_t)pid, .uid = -1, .gid = -1};
    return 0;
fail:
    return MP_PRIV_FAIL_SYSTEM(reterr, (DWORD)WSAGetLastError(), MP_STAGE_SOCKET, "peer of socket %llu",
                               (unsigned long long)socket);
}
