// A descriptor with one owner.
#ifndef BENCH_FD_H
#define BENCH_FD_H

#include <unistd.h>
#include <utility>

namespace bench {

class Fd
{
public:
    Fd() = default;
    explicit Fd(int fd) : m_fd{fd} {}
    Fd(Fd&& other) noexcept : m_fd{other.release()} {}
    Fd& operator=(Fd&& other) noexcept
    {
        std::swap(m_fd, other.m_fd);
        return *this;
    }
    ~Fd() { reset(); }

    int get() const { return m_fd; }
    int release() { return std::exchange(m_fd, -1); }
    void reset()
    {
        if (m_fd >= 0) close(release());
    }

private:
    int m_fd{-1};
};

} // namespace bench

#endif // BENCH_FD_H
