#include "credentials.h"

#include <mp/c/socket.h>

namespace mp {

namespace {
std::optional<int64_t> Known(int64_t id) { return id < 0 ? std::nullopt : std::optional<int64_t>(id); }
} // namespace

PeerCredentials CredentialsOf(const kj::AsyncIoStream& stream)
{
    KJ_IF_MAYBE (fd, stream.getFd()) {
        mp_peer peer;
        if (mp_socket_peer(*fd, &peer, nullptr) == 0) {
            return {.pid = Known(peer.pid), .uid = Known(peer.uid), .gid = Known(peer.gid)};
        }
    }
    return {};
}

} // namespace mp
