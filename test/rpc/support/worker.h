// Children that serve an object: mp_test_worker.
#ifndef MP_TEST_RPC_SUPPORT_WORKER_H
#define MP_TEST_RPC_SUPPORT_WORKER_H

#include <mp/spawn.h>
#include <rpc/support/held-child.h>
#include <string>

namespace mp::test {

inline SpawnOptions Worker(const std::string& mode = "serve")
{
    return {.argv = {MP_TEST_WORKER, mode}, .flags = PrivateFlag()};
}

//! /bin/sh; its $0 is the connect info, if it gets any.
inline SpawnOptions ShellOptions(const std::string& script) { return {.argv = Shell(script), .flags = PrivateFlag()}; }

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_WORKER_H
