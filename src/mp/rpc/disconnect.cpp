#include <mp/disconnect.h>

namespace mp {

kj::StringPtr KJ_STRINGIFY(DisconnectReason reason)
{
    switch (reason) {
    case DisconnectReason::Local: return "local";
    case DisconnectReason::PeerClosed: return "peer closed";
    case DisconnectReason::Reset: return "reset";
    case DisconnectReason::ProtocolError: return "protocol error";
    case DisconnectReason::Limit: return "limit";
    }
    return "unknown";
}

} // namespace mp
