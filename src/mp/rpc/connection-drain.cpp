// How a connection is ended from here.
#include "drain.h"
#include "message-network.h"
#include "runtime.h"
#include "time-left.h"

#include <algorithm>
#include <mp/connection.h>

namespace mp {

namespace {
using Clock = std::chrono::steady_clock;

//! Longer ones overflow KJ's clock.
constexpr std::chrono::hours LONGEST{24 * 365};

kj::Duration Until(Clock::time_point deadline)
{
    const std::chrono::nanoseconds left = std::clamp<std::chrono::nanoseconds>(deadline - Clock::now(), {}, LONGEST);
    return left.count() * kj::NANOSECONDS;
}
} // namespace

void Connection::end(DisconnectReason reason, kj::StringPtr why) { m_network->end(reason, why); }

void Connection::disconnect() { m_network->leave(); }

std::shared_future<bool> Connection::drain(std::chrono::nanoseconds timeout)
{
    if (!m_drain) m_drain = std::make_unique<Drain>();
    if (m_disconnect_handlers->disconnected) endDrain();
    const auto deadline = TimeAfter(timeout);
    if (!m_drain->told && (!m_drain->deadline || deadline < *m_drain->deadline)) {
        m_drain->deadline = deadline;
        kj::Promise<void> late = m_loop->m_io_context.lowLevelProvider->getTimer().afterDelay(Until(deadline));
        auto interrupt = [this] {
            m_network->setLinger(0 * kj::SECONDS);
            end(DisconnectReason::Local, "it was drained, and its time is up");
        };
        auto leave = [this] {
            m_network->setLinger(Until(*m_drain->deadline));
            disconnect();
        };
        m_drain->task = m_network->answered().then(kj::mv(leave)).exclusiveJoin(late.then(kj::mv(interrupt)))
                            .eagerlyEvaluate([this](kj::Exception&& error) { LogUncaughtTask(*m_loop, error); });
    }
    return m_drain->ended;
}

void Connection::endDrain()
{
    if (!m_drain || m_drain->told) return;
    m_drain->told = true;
    m_drain->task = nullptr;
    m_drain->answered.set_value(m_network->calls().answered());
}

} // namespace mp
