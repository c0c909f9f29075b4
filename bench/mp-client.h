// A client made with the library: an application thread, an event loop thread, and more threads on request.
#ifndef BENCH_MP_CLIENT_H
#define BENCH_MP_CLIENT_H

#include "client.h"

namespace bench {

std::unique_ptr<Client> ConnectMp(int fd);

//! Through a listening socket, for any number of connections.
std::unique_ptr<Client> ConnectMpListener(int fd);

//! The same with 5,000 connections, each of which has made a call.
std::unique_ptr<Client> ConnectMpCrowd(int fd);

} // namespace bench

#endif // BENCH_MP_CLIENT_H
