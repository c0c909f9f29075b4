#include "async-cleanup.h"

#include "errors.h"

#include <mp/event-loop.h>
#include <system_error>

namespace mp {

namespace {
constexpr auto RETRY = 100 * kj::MILLISECONDS;
} // namespace

AsyncCleanup::~AsyncCleanup()
{
    {
        const Lock lock(m_mutex);
        m_stop = true;
        m_cv.notify_all();
    }
    if (m_thread.joinable()) m_thread.join();
}

void AsyncCleanup::add(std::function<void()> fn)
{
    const Lock lock(m_mutex);
    m_entries.push_back(Entry{std::move(fn), EventLoopRef(m_loop)});
    startThread();
    m_cv.notify_all();
}

void AsyncCleanup::startThread()
{
    if (m_thread.joinable()) return;
    try {
        m_thread = std::thread([this] { run(); });
    } catch (const std::system_error& e) {
        // Too many threads. That passes; callers are destructors, which can't fail.
        MP_LOG(m_loop, Log::Warning) << "Cannot start cleanup thread, trying again: " << e.what();
        m_loop.m_task_set->add(m_loop.m_io_context.lowLevelProvider->getTimer().afterDelay(RETRY).then([this] {
            const Lock lock(m_mutex);
            startThread();
        }));
    }
}

void AsyncCleanup::run() MP_NO_TSA
{
    Lock lock(m_mutex);
    for (;;) {
        m_cv.wait(lock.m_lock, [this]() MP_NO_TSA { return m_stop || !m_entries.empty(); });
        if (m_entries.empty()) return;
        Entry entry = std::move(m_entries.front());
        m_entries.pop_front();
        Unlock(lock, [&] {
            try {
                entry.fn();
            } catch (...) {
                MP_LOG(m_loop, Log::Error) << "Uncaught exception in cleanup: " << CurrentExceptionText();
            }
            entry.fn = nullptr;
            // The loop may be gone after this, but not this object: its destructor waits for this thread.
            entry.ref.reset();
        });
    }
}

} // namespace mp
