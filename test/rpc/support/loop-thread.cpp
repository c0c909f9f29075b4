#include <rpc/support/loop-thread.h>

#include <future>

namespace mp::test {

LoopThread::LoopThread(LogOptions options, void* context)
{
    std::promise<EventLoop*> started;
    m_thread = std::thread([&started, options = std::move(options), context]() mutable {
        EventLoop loop("mptest", std::move(options), context);
        started.set_value(&loop);
        loop.loop();
    });
    m_loop = started.get_future().get();
    m_ref.emplace(*m_loop);
}

void LoopThread::release()
{
    m_ref.reset();
    if (m_thread.joinable()) m_thread.join();
}

} // namespace mp::test
