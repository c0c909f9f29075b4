#ifndef MP_RPC_WAKE_FD_H
#define MP_RPC_WAKE_FD_H

#include <kj/io.h>

namespace mp {

//! A descriptor that is readable from set() to clear(), to wake a thread that sleeps on it. Any thread.
class WakeFd
{
public:
    WakeFd();

    void set() const noexcept;
    void clear() const noexcept;

    int fd() const { return m_fd.get(); }

private:
    kj::AutoCloseFd m_fd;
};

} // namespace mp

#endif // MP_RPC_WAKE_FD_H
