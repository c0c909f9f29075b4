#include "wake-fd.h"

#include <cstdint>
#include <kj/debug.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace mp {

WakeFd::WakeFd()
{
    int fd;
    KJ_SYSCALL(fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    m_fd = kj::AutoCloseFd(fd);
}

void WakeFd::set() const noexcept
{
    const uint64_t one = 1;
    // Fails only when the counter is full, and then the descriptor is readable anyway.
    [[maybe_unused]] const ssize_t n = write(m_fd, &one, sizeof(one));
}

void WakeFd::clear() const noexcept
{
    uint64_t count;
    [[maybe_unused]] const ssize_t n = read(m_fd, &count, sizeof(count));
}

} // namespace mp
