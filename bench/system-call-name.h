// Names for the numbers of system calls.
#ifndef BENCH_SYSTEM_CALL_NAME_H
#define BENCH_SYSTEM_CALL_NAME_H

#include <cstdint>
#include <string>

namespace bench {

//! The name of a call that RPC may make; a hash sign and its number otherwise.
std::string SystemCallName(uint64_t number);

} // namespace bench

#endif // BENCH_SYSTEM_CALL_NAME_H
