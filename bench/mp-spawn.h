// Starting a process with the library and calling it.
#ifndef BENCH_MP_SPAWN_H
#define BENCH_MP_SPAWN_H

#include "client.h"

#include <cstddef>
#include <string>

namespace bench {

//! A client that starts this program as a server, or by bare means, with so much memory in use.
std::unique_ptr<Client> MakeSpawner(size_t ballast);

//! The program's main() as the process that was started.
int RunSpawnedRole(const std::string& connect_info);

} // namespace bench

#endif // BENCH_MP_SPAWN_H
