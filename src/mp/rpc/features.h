#ifndef MP_RPC_FEATURES_H
#define MP_RPC_FEATURES_H

#include <cstdint>

namespace mp {

// Bits of Hello.Peer.features.

//! Context.timeout.
inline constexpr uint64_t FEATURE_TIMEOUT = 1;
//! Of this library.
inline constexpr uint64_t FEATURES = FEATURE_TIMEOUT;

} // namespace mp

#endif // MP_RPC_FEATURES_H
