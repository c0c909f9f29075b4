#ifndef MP_PEER_H
#define MP_PEER_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace mp {

//! What the other side of a connection says of itself.
struct PeerInfo
{
    //! Of its program, as in its log; at most 256 bytes.
    std::string name;
    //! Of its library: major * 1,000,000 + minor * 1,000 + patch.
    uint32_t version{0};
    //! Bits for what its library understands beyond the first version; see "Hello" in mp/proxy.capnp.
    uint64_t features{0};
    //! Of its application; 0 if it has none.
    uint64_t app_version{0};
};

//! Throws a std::exception to refuse a peer.
using PeerCheck = std::function<void(const PeerInfo& peer)>;

//! What the system says of the process at the other end: that it had this pid and these ids when it connected, began to
//! listen, or made the pair. Of a Unix socket all that the system knows, of any other nothing.
struct PeerCredentials
{
    std::optional<int64_t> pid{};
    std::optional<int64_t> uid{};
    std::optional<int64_t> gid{};

    bool operator==(const PeerCredentials&) const = default;
};

//! Throws a std::exception to refuse a peer.
using PeerAuthorisation = std::function<void(const PeerCredentials& peer)>;

} // namespace mp

#endif // MP_PEER_H
