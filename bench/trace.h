// Counts the system calls of other processes, without privileges: it traces them, so they run many times slower.
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include "fd.h"

#include <cstdint>
#include <map>
#include <set>
#include <signal.h>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace bench {

//! How often each call was made, by name. Those that only wake a thread, or wait to be woken, have names of their own.
using SystemCallCounts = std::map<std::string, uint64_t>;

//! True for calls on futexes, eventfds, pipes and timers: one thread waiting for another of the same process, or for a time.
bool IsWakeUp(const std::string& name);
//! True for what a thread does instead of sleeping, and in vain.
bool IsLook(const std::string& name);

//! Confined to one thread, which must not wait for the traced processes by other means meanwhile.
class SystemCallTrace
{
public:
    //! Stops every thread of these processes. Throws std::system_error when tracing isn't allowed.
    explicit SystemCallTrace(const std::vector<pid_t>& pids);
    //! Lets them go.
    ~SystemCallTrace();
    SystemCallTrace(const SystemCallTrace&) = delete;
    SystemCallTrace& operator=(const SystemCallTrace&) = delete;

    //! Lets the processes run until there is something to read. Throws std::runtime_error when that takes too long.
    void runUntilReadable(int fd);

    SystemCallCounts takeCounts(pid_t pid) { return std::exchange(m_counts[pid], {}); }

private:
    void attachThreads(pid_t pid);
    void detach();
    void resume(pid_t thread, int signal);
    void drain();
    void handle(pid_t thread, int status);
    void count(pid_t thread);
    const std::string& target(pid_t pid, uint64_t fd);

    sigset_t m_old_mask{};
    Fd m_child_signal;
    std::map<pid_t, pid_t> m_process_of; //!< by thread
    std::set<pid_t> m_looking; //!< threads inside an epoll_wait that doesn't wait
    std::map<pid_t, SystemCallCounts> m_counts;
    std::map<std::pair<pid_t, uint64_t>, std::string> m_targets;
};

} // namespace bench

#endif // BENCH_TRACE_H
