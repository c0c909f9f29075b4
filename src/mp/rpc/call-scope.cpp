#include "time-left.h"

#include <algorithm>
#include <cassert>
#include <mp/call-scope.h>
#include <mp/thread-context.h>
#include <utility>

namespace mp {

const CallScope* CallScope::current() { return CurrentThread().m_scope; }

CallScope::CallScope(std::optional<Clock::time_point> deadline, std::optional<CancelToken> token)
    : m_outer(current()), m_deadline(deadline), m_token(std::move(token))
{
    if (m_outer && m_outer->m_deadline) {
        m_deadline = m_deadline ? std::min(*m_deadline, *m_outer->m_deadline) : m_outer->m_deadline;
    }
    CurrentThread().m_scope = this;
}

CallScope::~CallScope()
{
    ThreadContext& thread = CurrentThread();
    assert(thread.m_scope == this);
    thread.m_scope = m_outer;
}

DeadlineScope::DeadlineScope(std::chrono::nanoseconds timeout) : CallScope(TimeAfter(timeout), std::nullopt) {}

} // namespace mp
