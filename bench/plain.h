// Plain Cap'n Proto RPC: the stock two-party network over KJ's own socket stream, one thread on each side.
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include "client.h"

namespace bench {

std::unique_ptr<Client> ConnectPlain(int fd);
void ServePlain(int fd);

//! The same through a listening socket, for any number of connections.
std::unique_ptr<Client> ConnectPlainListener(int fd);
void ServePlainListener(int fd);

} // namespace bench

#endif // BENCH_PLAIN_H
