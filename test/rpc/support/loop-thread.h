// An event loop on a thread of its own.
#ifndef MP_TEST_RPC_SUPPORT_LOOP_THREAD_H
#define MP_TEST_RPC_SUPPORT_LOOP_THREAD_H

#include <mp/event-loop.h>
#include <optional>
#include <thread>

namespace mp::test {

//! Runs an event loop until it is released, and nothing else refers to it either.
class LoopThread
{
public:
    explicit LoopThread(LogOptions options, void* context = nullptr);
    ~LoopThread() { release(); }

    //! Any thread that keeps the loop, also while it is being released.
    EventLoop& loop() { return *m_loop; }
    //! Give the reference up, and wait until loop() has returned and the loop is gone.
    void release();

private:
    std::thread m_thread;
    EventLoop* m_loop;
    std::optional<EventLoopRef> m_ref;
};

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_LOOP_THREAD_H
