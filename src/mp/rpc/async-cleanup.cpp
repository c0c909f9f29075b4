#include "async-cleanup.h"

#include "errors.h"
#include "fault.h"

#include <algorithm>
#include <mp/event-loop.h>
#include <system_error>

namespace mp {

namespace {
//! How long functions wait behind one of another queue before they get a thread of their own.
constexpr auto PATIENCE = 20 * kj::MILLISECONDS;

void Join(std::list<std::thread> threads)
{
    for (std::thread& thread : threads) thread.join();
}
} // namespace

AsyncCleanup::~AsyncCleanup()
{
    std::list<std::thread> threads;
    {
        Lock lock(m_mutex);
        m_stop = true;
        m_cv.notify_all();
        // They end one by one, and take what is left with them.
        m_cv.wait(lock.m_lock, [this]() MP_REQUIRES(m_mutex) { return m_threads.empty(); });
        threads.swap(m_ended);
        // If no thread could be started.
        while (!m_ready.empty()) runOne(lock);
    }
    Join(std::move(threads));
}

void AsyncCleanup::add(Key key, std::function<void()> fn)
{
    const Lock lock(m_mutex);
    Queue& queue = m_queues[key.get()];
    if (queue.entries.empty() && !queue.running) m_ready.push_back(&queue);
    queue.key = std::move(key);
    queue.entries.push_back(Entry{std::move(fn), m_in_flight.begin(), EventLoopRef(m_loop)});
    if (m_threads.empty()) startThread();
    if (m_ready.size() > m_idle) watch();
    m_cv.notify_one();
}

void AsyncCleanup::startThread()
{
    try {
        m_threads.emplace_back([this] { run(); });
    } catch (const std::system_error& e) {
        // Too many threads. That passes; callers are destructors, which can't fail.
        MP_LOG(m_loop, Log::Warning) << "Cannot start cleanup thread, trying again: " << e.what();
    }
}

void AsyncCleanup::watch()
{
    // When the loop has returned nothing is left to wait for.
    if (m_watching || !m_loop.m_task_set) return;
    m_watching = true;
    m_seen_begun = m_begun;
    m_loop.m_task_set->add(
        m_loop.m_io_context.lowLevelProvider->getTimer().afterDelay(PATIENCE).then([this] { look(); }));
}

void AsyncCleanup::look()
{
    const Lock lock(m_mutex);
    m_watching = false;
    if (m_ready.empty()) return;
    if (m_begun == m_seen_begun && !MP_FAULT(CleansUpWithOneThread)) startThread();
    watch();
}

void AsyncCleanup::run()
{
    std::list<std::thread> ended;
    Lock lock(m_mutex);
    ended.swap(m_ended);
    Unlock(lock, [&] { Join(std::move(ended)); });
    while (waitForWork(lock)) runOne(lock);
    m_ended.splice(m_ended.end(), m_threads, findThread());
    m_cv.notify_all();
}

std::list<std::thread>::iterator AsyncCleanup::findThread()
{
    return std::find_if(m_threads.begin(), m_threads.end(),
                        [](const std::thread& thread) { return thread.get_id() == std::this_thread::get_id(); });
}

bool AsyncCleanup::isCleanupThread()
{
    const Lock lock(m_mutex);
    return findThread() != m_threads.end();
}

std::future<void> AsyncCleanup::done()
{
    const Lock lock(m_mutex);
    return m_in_flight.ended();
}

bool AsyncCleanup::waitForWork(Lock& lock)
{
    // One thread stays.
    if (m_ready.empty() && m_idle > 0) return false;
    ++m_idle;
    m_cv.wait(lock.m_lock, [this]() MP_REQUIRES(m_mutex) { return m_stop || !m_ready.empty(); });
    --m_idle;
    return !m_ready.empty();
}

void AsyncCleanup::runOne(Lock& lock)
{
    Queue& queue = *m_ready.front();
    m_ready.pop_front();
    Entry entry = std::move(queue.entries.front());
    queue.entries.pop_front();
    queue.running = true;
    ++m_begun;
    Unlock(lock, [&] {
        try {
            entry.fn();
        } catch (...) {
            MP_LOG(m_loop, Log::Error) << "Uncaught exception in cleanup: " << CurrentExceptionText();
        }
        entry.fn = nullptr;
        entry.token = nullptr;
    });
    queue.running = false;
    if (queue.entries.empty()) {
        m_queues.erase(queue.key.get());
    } else {
        m_ready.push_back(&queue);
    }
    // The loop may be gone after this, but not this object: its destructor waits for this thread.
    Unlock(lock, [&] { entry.ref.reset(); });
}

} // namespace mp
