// A child process of the benchmark.
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

//! The running program's own file.
std::string SelfPath();

class Child
{
public:
    //! The first descriptor that a child is given; the others follow.
    static constexpr int FIRST_FD{3};

    //! Starts a program with duplicates of these descriptors. Throws std::system_error when it can't be started.
    Child(const std::vector<std::string>& args, const std::vector<int>& fds);
    //! Gives the process a few seconds to end by itself, then kills it.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const { return m_pid; }

private:
    pid_t m_pid{-1};
};

} // namespace bench

#endif // BENCH_CHILD_H
