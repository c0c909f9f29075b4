#ifndef MP_DISCONNECT_H
#define MP_DISCONNECT_H

#include <kj/string.h>
#include <string>

namespace mp {

//! Who or what has ended a connection.
enum class DisconnectReason {
    Local,         //!< this side, which refused the peer
    PeerClosed,    //!< the peer, which may have said why
    Reset,         //!< the peer's process went away in the middle, or the transport failed
    ProtocolError, //!< the peer sent what is no message, or what no peer may send
    Limit,         //!< the peer has gone past one of the limits
};

kj::StringPtr KJ_STRINGIFY(DisconnectReason reason);

//! Why a connection has ended.
struct Disconnect
{
    DisconnectReason reason{DisconnectReason::PeerClosed};
    //! For people. Empty when the peer closed the connection without saying why.
    std::string text;
};

} // namespace mp

#endif // MP_DISCONNECT_H
