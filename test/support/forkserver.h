// A fork server for tests, and what its children can be made to do.
#ifndef MP_TEST_SUPPORT_FORKSERVER_H
#define MP_TEST_SUPPORT_FORKSERVER_H

#include <memory>
#include <string>
#include <vector>

#include <mp/c/forkserver.h>
#include <support/spawn.h>

namespace mp::test {

struct CloseServer
{
    void operator()(mp_forkserver* server) const { mp_forkserver_close(server); }
};
using ForkServer = std::unique_ptr<mp_forkserver, CloseServer>;

//! Entry points, by name:
//!   exit     exits with the number in the payload
//!   raise    kills itself with the signal in the payload
//!   echo     sends its payload to its socket
//!   report   sends lines "key value" about itself to its socket
//!   hold     runs until its socket is closed, or a signal ends it
//!   stubborn as hold, and ignores SIGTERM
//!   family   as hold, with a child of its own; sends the child's pid first
//!   cat      writes what its first descriptor brings to its second
//!   fork     has its own server fork an "exit", and exits with its code
//!   stop     stops its own server when its socket is closed, and exits with 0 if that went well
//!   set      sets a variable to the number in the payload, returns what it was
//!   get      returns the variable
//!   print    writes its payload to stdout, which it doesn't flush
//!   pid      returns its process's number
//!   abandon  leaves a helper that waits for a byte from Permission() and sends one to Progress(), and kills itself
//!   adopt    makes its process the one that adopts orphaned descendants
//!   wait     sends a byte to the pipe Progress(), waits for one from Permission()
ForkServer StartForkServer(uint32_t max_children = 0, uint32_t max_clients = 0);

//! The same, as the library returns it.
int TryToStartForkServer(mp_forkserver** ret_server, uint32_t max_children = 0, uint32_t max_clients = 0,
                         mp_error* error = nullptr);

//! Made before the first server: its children have them too.
const Pipe& Progress();
const Pipe& Permission();

struct Forked
{
    Process process;
    Fd socket;
};

int Fork(mp_forkserver* server, Forked& forked, const char* entry, const std::string& payload = "", uint64_t flags = 0,
         mp_error* error = nullptr);

//! A failure is one of the test.
Forked StartForked(const ForkServer& server, const char* entry, const std::string& payload = "", uint64_t flags = 0);

//! Of an entry point that returns one.
int ResultOf(const ForkServer& server, const char* entry, const std::string& payload = "");

} // namespace mp::test

#endif // MP_TEST_SUPPORT_FORKSERVER_H
