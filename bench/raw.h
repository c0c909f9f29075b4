// The socket alone: bytes there and the same number of bytes back.
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "client.h"

namespace bench {

//! As many bytes as a small Cap'n Proto call or its return takes on the wire, with the Finish that goes along.
constexpr size_t RAW_SMALL_SIZE{128};

std::unique_ptr<Client> ConnectRaw(int fd);
void ServeRaw(int fd);

} // namespace bench

#endif // BENCH_RAW_H
