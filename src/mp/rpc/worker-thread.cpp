#include "worker-thread.h"

#include "async-cleanup.h"
#include "reactor.h"
#include "runtime.h"

#include <future>
#include <mp/event-loop.h>

namespace mp {

WorkerThread::WorkerThread(EventLoop& loop, std::function<std::string()> name)
    : m_loop(loop), m_quit(std::make_shared<bool>(false))
{
    std::promise<ThreadContext*> started;
    m_thread = std::thread([&loop, &started, name = std::move(name), quit = m_quit] {
        ThreadContext& context = CurrentThread();
        try {
            context.thread_name = name();
            context.waiter = std::make_unique<Waiter>();
        } catch (...) {
            started.set_exception(std::current_exception());
            return;
        }
        started.set_value(&context);
        if (loop.testing_hook_makethread_created) loop.testing_hook_makethread_created();
        Lock lock(context.waiter->m_mutex);
        ReactorOf(loop).wait(*context.waiter, lock, /* may_lead= */ true, [&] { return *quit; });
    });
    // The name, which the peer may ask for, is made on the thread; it has nothing to wait for before that.
    try {
        m_context = started.get_future().get();
    } catch (...) {
        m_thread.join();
        throw;
    }
}

WorkerThread::~WorkerThread()
{
    m_context->waiter->signal(*m_quit);
    const auto thread = std::make_shared<std::thread>(std::move(m_thread));
    AsyncCleanupOf(m_loop).add(thread, [thread] { thread->join(); });
}

} // namespace mp
