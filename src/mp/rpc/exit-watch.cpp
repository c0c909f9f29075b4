#include "exit-watch.h"

#include <fcntl.h>
#include <kj/debug.h>

namespace mp {

namespace {
kj::AutoCloseFd Duplicate(int fd)
{
    int copy;
    KJ_SYSCALL(copy = fcntl(fd, F_DUPFD_CLOEXEC, 3), "watch a child");
    return kj::AutoCloseFd(copy);
}
} // namespace

ExitWatch::ExitWatch(Port& port, mp_handle exit_fd, kj::Function<void()> on_exit)
    : m_port(port), m_fd(Duplicate(exit_fd)), m_on_exit(kj::mv(on_exit)), m_watch(port.watch(m_fd, EPOLLIN, *this))
{
}

ExitWatch::~ExitWatch() { m_port.unwatch(m_fd, m_watch); }

} // namespace mp
