// An event loop of the library on a thread of its own.
#ifndef BENCH_MP_LOOP_H
#define BENCH_MP_LOOP_H

#include <mp/proxy-io.h>

#include <optional>
#include <thread>

namespace bench {

//! Reports nothing but errors, and those as exceptions to whoever called.
mp::LogOptions QuietLog();

class LoopThread
{
public:
    LoopThread();
    //! Waits until nothing needs the loop any more.
    ~LoopThread();
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    mp::EventLoop& operator*() const { return **m_loop; }

private:
    std::thread m_thread;
    std::optional<mp::EventLoopRef> m_loop;
};

} // namespace bench

#endif // BENCH_MP_LOOP_H
