// A server made with the library.
#ifndef BENCH_MP_SERVER_H
#define BENCH_MP_SERVER_H

namespace bench {

void ServeMp(int fd);

//! Through a listening socket, until the last of its connections is gone.
void ServeMpListener(int fd);

//! The same for thousands of connections.
void ServeMpCrowd(int fd);

} // namespace bench

#endif // BENCH_MP_SERVER_H
