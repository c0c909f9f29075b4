#define _GNU_SOURCE
#include <mp/c/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mp/process/error.h>
#include <mp/process/sys.h>

int mp_socket_pair(mp_socket *ret_first, mp_socket *ret_second, mp_error *reterr)
{
    if (ret_first == NULL || ret_second == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "socket pair: an argument is NULL");
    }
    int fd[2];
    if (mp_priv_sys.make_socketpair(fd) < 0) return mp_priv_fail(reterr, -errno, MP_STAGE_PAIR, "socket pair");
    *ret_first = fd[0];
    *ret_second = fd[1];
    return 0;
}

int mp_socket_close(mp_socket socket)
{
    return mp_handle_close(socket);
}

int mp_socket_set_nonblocking(mp_socket socket, int nonblocking, mp_error *reterr)
{
    const int flags = fcntl(socket, F_GETFL);
    const int wanted = nonblocking != 0 ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (flags < 0 || (flags != wanted && fcntl(socket, F_SETFL, wanted) < 0)) {
        return mp_priv_fail(reterr, -errno, MP_STAGE_SOCKET, "set blocking mode of socket %d", socket);
    }
    return 0;
}

#if defined(SO_PEERCRED) && defined(__linux__)
static int peer_credentials(mp_socket socket, mp_peer *ret_peer)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) return -errno;
    if (credentials.pid == 0 && credentials.uid == (uid_t)-1) return MP_ENOTCONN; /* nobody there yet */
    ret_peer->pid = credentials.pid;
    ret_peer->uid = credentials.uid;
    ret_peer->gid = credentials.gid;
    return 0;
}
#else
static int peer_credentials(mp_socket socket, mp_peer *ret_peer)
{
    uid_t uid;
    gid_t gid;
    if (getpeereid(socket, &uid, &gid) < 0) return -errno;
    ret_peer->pid = -1;
    ret_peer->uid = uid;
    ret_peer->gid = gid;
    return 0;
}
#endif

static int peer_of(mp_socket socket, mp_peer *ret_peer)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);
    if (getsockname(socket, (struct sockaddr *)&address, &size) < 0) return -errno;
    if (address.ss_family != AF_UNIX) return MP_ENOTSUP;
    return peer_credentials(socket, ret_peer);
}

int mp_socket_peer(mp_socket socket, mp_peer *ret_peer, mp_error *reterr)
{
    if (ret_peer == NULL) return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "peer: an argument is NULL");
    mp_peer peer;
    const int r = peer_of(socket, &peer);
    if (r < 0) return mp_priv_fail(reterr, r, MP_STAGE_SOCKET, "peer of socket %d", socket);
    *ret_peer = peer;
    return 0;
}
