#ifndef MP_RPC_EPOLL_ADD_H
#define MP_RPC_EPOLL_ADD_H

#include <cstdint>
#include <kj/debug.h>
#include <sys/epoll.h>

namespace mp {

//! Watch a descriptor.
//! @param number  identifies it in the events
//! @throws kj::Exception
inline void EpollAdd(int epoll, int fd, uint32_t events, uint64_t number)
{
    epoll_event event{};
    event.events = events;
    event.data.u64 = number;
    KJ_SYSCALL(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), fd);
}

} // namespace mp

#endif // MP_RPC_EPOLL_ADD_H
