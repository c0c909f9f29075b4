#ifndef MP_RPC_CREDENTIALS_H
#define MP_RPC_CREDENTIALS_H

#include <kj/async-io.h>
#include <mp/peer.h>

namespace mp {

//! What the system says of the process at the other end of a stream.
PeerCredentials CredentialsOf(const kj::AsyncIoStream& stream);

} // namespace mp

#endif // MP_RPC_CREDENTIALS_H
