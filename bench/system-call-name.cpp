#include "system-call-name.h"

#include <sys/syscall.h>
#include <utility>

namespace bench {
namespace {

// Newer architectures lack the oldest calls, and older headers the newest.
constexpr std::pair<uint64_t, const char*> NAMES[]{
#ifdef SYS_poll
    {SYS_poll, "poll"},
#endif
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait"},
#endif
#ifdef SYS_clone3
    {SYS_clone3, "clone3"},
#endif
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, "epoll_pwait2"},
#endif
    {SYS_brk, "brk"},
    {SYS_clock_gettime, "clock_gettime"},
    {SYS_clock_nanosleep, "clock_nanosleep"},
    {SYS_clone, "clone"},
    {SYS_close, "close"},
    {SYS_epoll_ctl, "epoll_ctl"},
    {SYS_epoll_pwait, "epoll_pwait"},
    {SYS_fcntl, "fcntl"},
    {SYS_futex, "futex"},
    {SYS_getpid, "getpid"},
    {SYS_getsockopt, "getsockopt"},
    {SYS_gettid, "gettid"},
    {SYS_ioctl, "ioctl"},
    {SYS_madvise, "madvise"},
    {SYS_membarrier, "membarrier"},
    {SYS_mmap, "mmap"},
    {SYS_mprotect, "mprotect"},
    {SYS_mremap, "mremap"},
    {SYS_munmap, "munmap"},
    {SYS_ppoll, "ppoll"},
    {SYS_read, "read"},
    {SYS_readv, "readv"},
    {SYS_recvfrom, "recvfrom"},
    {SYS_recvmsg, "recvmsg"},
    {SYS_restart_syscall, "restart_syscall"},
    {SYS_rt_sigprocmask, "rt_sigprocmask"},
    {SYS_rt_sigtimedwait, "rt_sigtimedwait"},
    {SYS_sched_yield, "sched_yield"},
    {SYS_sendmsg, "sendmsg"},
    {SYS_sendto, "sendto"},
    {SYS_setsockopt, "setsockopt"},
    {SYS_timerfd_settime, "timerfd_settime"},
    {SYS_write, "write"},
    {SYS_writev, "writev"},
};

} // namespace

std::string SystemCallName(uint64_t number)
{
    for (const auto& [known, name] : NAMES) {
        if (known == number) return name;
    }
    return "#" + std::to_string(number);
}

} // namespace bench
