#include "loop-pool.h"

#include <algorithm>
#include <mp/event-loop.h>
#include <mp/proxy-invoke.h>
#include <string>
#include <system_error>

namespace mp {

void LoopPool::prepare()
{
    if (m_threads.empty()) start();
}

void LoopPool::start()
{
    const size_t number = m_threads.size();
    m_threads.reserve(number + 1);
    m_idle.reserve(number + 1);
    EventLoop& loop = m_loop;
    m_threads.push_back(std::make_unique<WorkerThread>(
        loop, [&loop, number] { return ThreadName(loop.m_exe_name) + " (pool/" + std::to_string(number) + ")"; }));
    m_idle.push_back(m_threads.back().get());
}

WorkerThread* LoopPool::idle()
{
    if (m_idle.empty() && m_threads.size() < m_max_threads) {
        try {
            start();
        } catch (const std::exception& e) {
            // The others go on; the next request tries again.
            MP_LOG(m_loop, Log::Warning) << "Cannot start a thread of the pool: " << e.what();
        }
    }
    if (m_idle.empty()) return nullptr;
    WorkerThread* const thread = m_idle.back();
    m_idle.pop_back();
    return thread;
}

void LoopPool::add(Connection& connection, kj::Own<ServerRequest> request)
{
    if (WorkerThread* const thread = idle()) {
        ServerRequest& running = *request;
        running.runInPool(kj::mv(request), *thread);
        return;
    }
    Queue& queue = m_waiting[&connection];
    if (queue.empty()) m_turns.push_back(&connection);
    queue.push_back(kj::mv(request));
}

kj::Own<ServerRequest> LoopPool::take(Connection& connection, ServerRequest& request)
{
    const auto found = m_waiting.find(&connection);
    if (found == m_waiting.end()) return {};
    Queue& queue = found->second;
    const auto it = std::find_if(queue.begin(), queue.end(), [&](const auto& waiting) { return waiting.get() == &request; });
    if (it == queue.end()) return {};
    kj::Own<ServerRequest> taken = kj::mv(*it);
    queue.erase(it);
    if (queue.empty()) {
        m_waiting.erase(found);
        m_turns.remove(&connection);
    }
    return taken;
}

void LoopPool::release(WorkerThread& thread)
{
    if (m_turns.empty()) {
        m_idle.push_back(&thread);
        return;
    }
    const auto next = m_waiting.find(m_turns.front());
    kj::Own<ServerRequest> request = kj::mv(next->second.front());
    next->second.pop_front();
    if (next->second.empty()) {
        m_waiting.erase(next);
        m_turns.pop_front();
    } else {
        m_turns.splice(m_turns.end(), m_turns, m_turns.begin());
    }
    ServerRequest& running = *request;
    running.runInPool(kj::mv(request), thread);
}

} // namespace mp
