#include <mp/process/system_windows.h>

#include <mp/process/address.h>

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ws2tcpip.h>

#ifndef WSA_FLAG_NO_HANDLE_INHERIT
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80
#endif

enum { NUMBER_SIZE = 64, TEXT_SIZE = 256 }; /* an address in digits, a whole text */

/* With the system's number, which -status is not. */
static int report(const struct mp_priv_address *address, int code, mp_error *reterr)
{
    const int r = mp_priv_status_of((DWORD)code);
    if (r == MP_ENOENT) return mp_priv_address_refuse(address, r, "no such host", reterr);
    (void)mp_priv_address_fail(address, r, reterr);
    if (reterr != NULL) reterr->system_code = code;
    return r;
}

void mp_priv_socket_file_close(struct mp_priv_socket_file *file)
{
    (void)file;
}

/* Returns 0 or a number of Winsock. */
static int resolve(const char *host, const char *port, ADDRINFOW **ret_list)
{
    const ADDRINFOW hints = {.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    wchar_t wide_port[8];
    wchar_t *wide_host;
    const int r = mp_priv_wide(host, &wide_host, NULL);
    if (r < 0) return r == MP_ENOMEM ? WSA_NOT_ENOUGH_MEMORY : WSAHOST_NOT_FOUND;
    for (size_t i = 0; i <= strlen(port); i++) wide_port[i] = (wchar_t)port[i];
    const int code = GetAddrInfoW(wide_host, wide_port, &hints, ret_list);
    free(wide_host);
    return code;
}

static int set_flag(SOCKET socket, int level, int name, BOOL on)
{
    return setsockopt(socket, level, name, (const char *)&on, sizeof(on));
}

static SOCKET new_socket(int family)
{
    return WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

/* The last error tells why not. */
static SOCKET listen_at(const ADDRINFOW *at, bool is_both, int backlog)
{
    const SOCKET fd = new_socket(at->ai_family);
    if (fd == INVALID_SOCKET) return fd;
    /* Connections have the listener's TCP_NODELAY. */
    if (set_flag(fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, TRUE) == 0 && set_flag(fd, IPPROTO_TCP, TCP_NODELAY, TRUE) == 0 &&
        (at->ai_family != AF_INET6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, !is_both) == 0) &&
        bind(fd, at->ai_addr, (int)at->ai_addrlen) == 0 && listen(fd, backlog) == 0) {
        return fd;
    }
    (void)mp_socket_close(fd);
    return INVALID_SOCKET;
}

/* This machine doesn't have it; if it is in use, another address would be another server's. */
static bool is_missing(int code)
{
    return code == WSAEADDRNOTAVAIL || code == WSAEAFNOSUPPORT;
}

/* Returns 0 or a number of Winsock. */
static int listen_at_host(const char *host, const char *port, bool is_both, int backlog, SOCKET *ret_socket)
{
    ADDRINFOW *list;
    int code = resolve(host, port, &list);
    if (code != 0) return code;
    code = WSAEADDRNOTAVAIL;
    for (const ADDRINFOW *at = list; at != NULL && is_missing(code); at = at->ai_next) {
        *ret_socket = listen_at(at, is_both, backlog);
        code = *ret_socket == INVALID_SOCKET ? WSAGetLastError() : 0;
    }
    FreeAddrInfoW(list);
    return code;
}

/* Returns 0 or a number of Winsock. */
static int describe(SOCKET socket, char text[TEXT_SIZE])
{
    struct sockaddr_storage name;
    int size = sizeof(name);
    char host[NUMBER_SIZE], port[NUMBER_SIZE];
    if (getsockname(socket, (struct sockaddr *)&name, &size) != 0) return WSAGetLastError();
    const int code = getnameinfo((struct sockaddr *)&name, size, host, sizeof(host), port, sizeof(port),
                                 NI_NUMERICHOST | NI_NUMERICSERV);
    if (code == 0) snprintf(text, TEXT_SIZE, name.ss_family == AF_INET ? "tcp:%s:%s" : "tcp:[%s]:%s", host, port);
    return code;
}

int mp_priv_listen(const struct mp_priv_address *address, const mp_listen_options *options, mp_listener *listener,
                   mp_error *reterr)
{
    if (address->kind != MP_PRIV_ADDRESS_TCP) return mp_priv_address_fail(address, MP_ENOTSUP, reterr);
    const int r = mp_priv_winsock_start(reterr);
    if (r < 0) return r;
    const int backlog = options->backlog == 0 ? SOMAXCONN : options->backlog;
    const bool is_any = strcmp(address->host, "*") == 0;
    char text[TEXT_SIZE];
    int code = listen_at_host(is_any ? "::" : address->host, address->port, is_any, backlog, &listener->socket);
    if (is_any && is_missing(code)) code = listen_at_host("0.0.0.0", address->port, false, backlog, &listener->socket);
    if (code == 0) code = describe(listener->socket, text);
    if (code != 0) return report(address, code, reterr);
    listener->address = mp_priv_copy_text(text);
    return listener->address == NULL ? mp_priv_address_fail(address, MP_ENOMEM, reterr) : 0;
}

/* Until the system has an answer, or the deadline has passed; 0: none. Returns 0 or a number of Winsock. */
static int await_connected(SOCKET socket, int64_t deadline)
{
    fd_set writable, failed;
    FD_ZERO(&writable);
    FD_ZERO(&failed);
    FD_SET(socket, &writable);
    FD_SET(socket, &failed);
    const int64_t left = deadline - (int64_t)GetTickCount64();
    const int64_t ms = left < 0 ? 0 : left;
    struct timeval limit = {.tv_sec = (long)(ms / 1000), .tv_usec = (long)(ms % 1000 * 1000)};
    const int n = select(0, NULL, &writable, &failed, deadline == 0 ? NULL : &limit);
    if (n < 0) return WSAGetLastError();
    if (n == 0) return WSAETIMEDOUT;
    int code = 0, size = sizeof(code);
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, (char *)&code, &size) != 0 ? WSAGetLastError() : code;
}

/* Returns 0 or a number of Winsock. */
static int connect_to(const ADDRINFOW *at, int64_t deadline, SOCKET *ret_socket)
{
    u_long on = 1, off = 0;
    const SOCKET fd = new_socket(at->ai_family);
    if (fd == INVALID_SOCKET) return WSAGetLastError();
    int code = 0;
    if (ioctlsocket(fd, (long)FIONBIO, &on) != 0 || set_flag(fd, IPPROTO_TCP, TCP_NODELAY, TRUE) != 0 ||
        connect(fd, at->ai_addr, (int)at->ai_addrlen) != 0) {
        code = WSAGetLastError();
    }
    if (code == WSAEWOULDBLOCK) code = await_connected(fd, deadline);
    if (code == 0 && ioctlsocket(fd, (long)FIONBIO, &off) != 0) code = WSAGetLastError();
    if (code != 0) {
        (void)mp_socket_close(fd);
        return code;
    }
    *ret_socket = fd;
    return 0;
}

/* An equal part of the time that is left for each address that is. */
static int64_t share(int64_t deadline, const ADDRINFOW *at)
{
    if (deadline == 0) return 0;
    int n = 0;
    for (; at != NULL; at = at->ai_next) n++;
    const int64_t now = (int64_t)GetTickCount64();
    return now + (deadline - now) / n;
}

int mp_priv_connect(const struct mp_priv_address *address, int timeout_ms, mp_socket *ret_socket, mp_error *reterr)
{
    if (address->kind != MP_PRIV_ADDRESS_TCP) return mp_priv_address_fail(address, MP_ENOTSUP, reterr);
    const int r = mp_priv_winsock_start(reterr);
    if (r < 0) return r;
    const int64_t deadline = timeout_ms < 0 ? 0 : (int64_t)GetTickCount64() + timeout_ms;
    ADDRINFOW *list;
    int code = resolve(address->host, address->port, &list);
    if (code != 0) return report(address, code, reterr);
    code = WSAEADDRNOTAVAIL;
    for (const ADDRINFOW *at = list; at != NULL && code != 0; at = at->ai_next) {
        code = connect_to(at, share(deadline, at), ret_socket);
    }
    FreeAddrInfoW(list);
    return code == 0 ? 0 : report(address, code, reterr);
}
