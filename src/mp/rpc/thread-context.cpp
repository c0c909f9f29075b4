#include "reactor.h"
#include "thread-mapping.h"

#include <mp/thread-context.h>
#include <new>
#include <pthread.h>

namespace mp {

namespace {
//! Deletes a thread's context when the thread ends. The main thread's is left to the end of the process.
pthread_key_t ContextKey()
{
    static const pthread_key_t key = [] {
        pthread_key_t key;
        if (pthread_key_create(&key, [](void* context) { delete static_cast<ThreadContext*>(context); }) != 0) {
            throw std::bad_alloc();
        }
        return key;
    }();
    return key;
}

ThreadContext& ContextOfThisThread()
{
    const pthread_key_t key = ContextKey();
    if (void* context = pthread_getspecific(key)) return *static_cast<ThreadContext*>(context);
    auto context = std::make_unique<ThreadContext>();
    if (pthread_setspecific(key, context.get()) != 0) throw std::bad_alloc();
    return *context.release();
}
} // namespace

thread_local ThreadContext& g_thread_context = ContextOfThisThread();

ThreadContext& CurrentThread() { return g_thread_context; }

ThreadContext::ThreadContext() = default;

ThreadContext::~ThreadContext() { ThreadMapping::dropThread(*this); }

void Waiter::enqueue(kj::Function<void()> fn)
{
    const Lock lock(m_mutex);
    m_tasks.push_back(kj::mv(fn));
    wake();
}

void Waiter::signal(bool& flag)
{
    const Lock lock(m_mutex);
    flag = true;
    wake();
}

void Waiter::runOne(Lock& lock)
{
    kj::Function<void()> next = kj::mv(m_tasks.front());
    m_tasks.pop_front();
    Unlock(lock, [&] {
        // Destroyed without the lock too: it may own objects whose destructors take it.
        kj::Function<void()> task = kj::mv(next);
        task();
    });
}

void Waiter::dropTasks()
{
    std::deque<kj::Function<void()>> tasks;
    const Lock lock(m_mutex);
    tasks.swap(m_tasks);
}

void Waiter::wake()
{
    m_cv.notify_all();
    if (m_leading) m_leading->kickLeader();
}

} // namespace mp
