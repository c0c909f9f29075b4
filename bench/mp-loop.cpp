#include "mp-loop.h"

#include <future>
#include <stdexcept>

namespace bench {

mp::LogOptions QuietLog()
{
    const auto raise = [](mp::LogMessage message) {
        if (message.level == mp::Log::Raise) throw std::runtime_error(message.message);
    };
    return {.log_fn = raise, .log_level = mp::Log::Raise};
}

LoopThread::LoopThread()
{
    std::promise<mp::EventLoop*> created;
    std::future<mp::EventLoop*> loop = created.get_future();
    m_thread = std::thread{[created = std::move(created)]() mutable {
        mp::EventLoop loop{"mpbench", QuietLog()};
        created.set_value(&loop);
        loop.loop();
    }};
    m_loop.emplace(*loop.get());
}

LoopThread::~LoopThread()
{
    m_loop.reset();
    m_thread.join();
}

} // namespace bench
