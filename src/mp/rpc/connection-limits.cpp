// What a peer may make this process hold.
#include "async-cleanup.h"
#include "message-network.h"
#include "runtime.h"

#include <algorithm>
#include <mp/call-errors.h>
#include <mp/connection.h>
#include <mp/proxy-invoke.h>
#include <string>
#include <utility>

namespace mp {

namespace {
using Clock = std::chrono::steady_clock;

//! @param told  whether the log has had this of the connection; a peer that goes on doesn't fill it
[[noreturn]] void Refuse(EventLoop& loop, bool& told, const std::string& why)
{
    if (!std::exchange(told, true)) {
        MP_LOG(loop, Log::Warning) << "IPC peer refused: " << why;
    }
    throw LimitError(why);
}
} // namespace

const Limits& Connection::limits() const { return m_network->limits(); }

void Connection::setLimits(const Limits& limits)
{
    m_network->setLimits(limits);
    m_time_watch = watchTime().eagerlyEvaluate([this](kj::Exception&& error) { LogUncaughtTask(*m_loop, error); });
}

Usage Connection::usage() const
{
    return {.calls = m_network->calls().peers().size(),
            .own_calls = m_network->calls().own().size(),
            .objects = m_objects,
            .threads = m_workers,
            .received_bytes = m_network->receivedBytes(),
            .queued_bytes = m_network->queuedBytes()};
}

void Connection::checkObjects()
{
    const size_t most = limits().max_objects;
    if (m_objects < most) return;
    Refuse(*m_loop, m_told_of_objects, "too many objects: a connection has at most " + std::to_string(most));
}

void CheckObjects(InvokeContext& invoke_context) { invoke_context.connection.checkObjects(); }

void ReleaseLater(InvokeContext& invoke_context, std::shared_ptr<void> impl)
{
    Connection& connection = invoke_context.connection;
    AsyncCleanupOf(*connection.m_loop).add(connection.state(), [impl = std::move(impl)]() mutable { impl.reset(); });
}

void Connection::checkThreads(size_t more)
{
    const size_t most = limits().max_threads;
    if (m_workers <= most && more <= most - m_workers) return;
    Refuse(*m_loop, m_told_of_threads, "too many threads: a connection has at most " + std::to_string(most));
}

kj::Promise<void> Connection::watchTime()
{
    const Limits& limits = m_network->limits();
    const CallCounts& calls = m_network->calls();
    const auto now = Clock::now();
    auto next = Clock::time_point::max();
    if (limits.first_call_time.count() > 0 && !calls.called()) {
        const auto due = m_made + limits.first_call_time;
        if (now >= due) {
            end(DisconnectReason::Limit,
                kj::str("no call in the first ", limits.first_call_time.count(), " milliseconds"));
            return kj::READY_NOW;
        }
        next = due;
    }
    if (limits.idle_time.count() > 0) {
        const bool busy = calls.own().size() > 0 || calls.peers().size() > 0;
        const auto due = (busy ? now : m_network->lastMessage()) + limits.idle_time;
        if (now >= due) {
            end(DisconnectReason::Limit, kj::str("no message for ", limits.idle_time.count(), " milliseconds"));
            return kj::READY_NOW;
        }
        next = std::min(next, due);
    }
    if (next == Clock::time_point::max()) return kj::READY_NOW;
    const auto delay = std::chrono::ceil<std::chrono::nanoseconds>(next - now).count() * kj::NANOSECONDS;
    return m_loop->m_io_context.lowLevelProvider->getTimer().afterDelay(delay).then([this] { return watchTime(); });
}

} // namespace mp
