#include "fault.h"
#include "reactor.h"
#include "sleep-word.h"
#include "thread-mapping.h"

#include <algorithm>
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

uint64_t Waiter::enqueue(kj::Function<void()> fn, Reactor* owned)
{
    const Lock lock(m_mutex);
    return push(kj::mv(fn), owned);
}

uint64_t Waiter::push(kj::Function<void()> fn, Reactor* owned)
{
    m_tasks.push_back(Task{++m_last_number, kj::mv(fn)});
    if (!m_held) wake(owned);
    return m_last_number;
}

std::list<Waiter::Task> Waiter::take(uint64_t number)
{
    std::list<Task> taken;
    const Lock lock(m_mutex);
    const auto it = std::find_if(m_tasks.begin(), m_tasks.end(), [&](const Task& task) { return task.number == number; });
    if (it != m_tasks.end()) taken.splice(taken.begin(), m_tasks, it);
    return taken;
}

void Waiter::signal(bool& flag, Reactor* owned)
{
    const Lock lock(m_mutex);
    flag = true;
    wake(owned);
}

void Waiter::hold()
{
    const Lock lock(m_mutex);
    m_held = !MP_FAULT(RunsOthersFirst);
}

void Waiter::release(Reactor* owned)
{
    const Lock lock(m_mutex);
    m_held = false;
    if (!m_tasks.empty()) wake(owned);
}

void Waiter::runOne(Lock& lock)
{
    std::list<Task> next;
    next.splice(next.begin(), m_tasks, m_tasks.begin());
    Unlock(lock, [&] {
        // Destroyed without the lock too: it may own objects whose destructors take it.
        std::list<Task> task = std::move(next);
        task.front().fn();
    });
}

void Waiter::dropTasks()
{
    std::list<Task> tasks;
    const Lock lock(m_mutex);
    tasks.swap(m_tasks);
}

void Waiter::wake(Reactor* owned)
{
    m_cv.notify_all();
    if (m_sleep_word.load() == 1) {
        m_sleep_word.store(0);
        if (owned) {
            owned->wakeLater(m_sleep_word);
        } else {
            Wake(m_sleep_word);
        }
    }
    if (m_leading == nullptr || m_kicked || MP_FAULT(LeavesLeaderAsleep)) return;
    m_kicked = true;
    m_leading->kickLeader();
}

} // namespace mp
