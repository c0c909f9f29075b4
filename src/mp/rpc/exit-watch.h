#ifndef MP_RPC_EXIT_WATCH_H
#define MP_RPC_EXIT_WATCH_H

#include "port.h"

#include <kj/function.h>
#include <kj/io.h>
#include <mp/c/handle.h>

namespace mp {

//! Tells when a child has ended, by its exit descriptor. Owning the loop.
class ExitWatch final : private Port::Handler
{
public:
    //! @param exit_fd  need not stay open
    //! @param on_exit  may be called more than once; must not destroy this object
    //! @throws kj::Exception when descriptors or memory run out
    ExitWatch(Port& port, mp_handle exit_fd, kj::Function<void()> on_exit);
    ~ExitWatch();
    KJ_DISALLOW_COPY(ExitWatch);

private:
    void ready(uint32_t) override { m_on_exit(); }

    Port& m_port;
    //! A duplicate: the kernel keeps one watch for each descriptor.
    const kj::AutoCloseFd m_fd;
    kj::Function<void()> m_on_exit;
    const uint64_t m_watch;
};

} // namespace mp

#endif // MP_RPC_EXIT_WATCH_H
