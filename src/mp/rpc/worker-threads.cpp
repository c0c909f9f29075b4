#include "worker-threads.h"

#include "reactor.h"
#include "runtime.h"
#include "thread-mapping.h"

#include <future>
#include <mp/event-loop.h>

namespace mp {

WorkerThreads::~WorkerThreads()
{
    for (Entry& entry : m_entries) entry.thread.join();
}

void WorkerThreads::start(std::function<void()> fn)
{
    m_entries.remove_if([](Entry& entry) {
        if (!entry.ended.load(std::memory_order_acquire)) return false;
        entry.thread.join();
        return true;
    });
    Entry& entry = m_entries.emplace_back();
    try {
        entry.thread = std::thread([&entry, fn = std::move(fn)]() mutable {
            fn();
            fn = nullptr;
            entry.ended.store(true, std::memory_order_release);
        });
    } catch (...) {
        m_entries.pop_back();
        throw;
    }
}

WorkerThread::WorkerThread(EventLoop& loop, std::function<std::string()> name) : m_quit(std::make_shared<bool>(false))
{
    std::promise<ThreadContext*> started;
    loop.m_workers->start([&loop, &started, name = std::move(name), quit = m_quit, ref = std::make_shared<EventLoopRef>(loop)] {
        ThreadContext& context = CurrentThread();
        context.thread_name = name();
        context.waiter = std::make_unique<Waiter>();
        started.set_value(&context);
        if (loop.testing_hook_makethread_created) loop.testing_hook_makethread_created();
        {
            Lock lock(context.waiter->m_mutex);
            ReactorOf(loop).wait(*context.waiter, lock, /* may_lead= */ true, [&] { return *quit; });
        }
        ThreadMapping::dropThread(context);
        // The loop may be gone after this.
        ref->reset();
    });
    // The name, which the peer may ask for, is made on the thread; it has nothing to wait for before that.
    m_context = started.get_future().get();
}

WorkerThread::~WorkerThread() { m_context->waiter->signal(*m_quit); }

} // namespace mp
