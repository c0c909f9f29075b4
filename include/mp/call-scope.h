#ifndef MP_CALL_SCOPE_H
#define MP_CALL_SCOPE_H

#include <chrono>
#include <mp/cancel.h>
#include <optional>

namespace mp {

//! Bounds the calls that its thread begins while it lives, and what those lead to: of several scopes, all count. Made and
//! destroyed on the same thread, the last made first.
class CallScope
{
public:
    using Clock = std::chrono::steady_clock;

    //! When the calls have to have ended: the earliest time of all scopes.
    std::optional<Clock::time_point> deadline() const { return m_deadline; }
    //! What cancels them, from here outwards.
    const std::optional<CancelToken>& token() const { return m_token; }
    const CallScope* outer() const { return m_outer; }

    //! The innermost one of this thread, or null.
    static const CallScope* current();

    CallScope(const CallScope&) = delete;
    CallScope& operator=(const CallScope&) = delete;

protected:
    CallScope(std::optional<Clock::time_point> deadline, std::optional<CancelToken> token);
    ~CallScope();

private:
    const CallScope* const m_outer;
    std::optional<Clock::time_point> m_deadline;
    const std::optional<CancelToken> m_token;
};

//! Calls that haven't ended when the time has come throw TimeoutError: at once, or, where this thread runs a callback for
//! the call at that moment, when that returns. The method that they called is cancelled, but may run on; see
//! mp/current-call.h. It is told how much time is left, and so are the calls that it makes.
//! Takes the place of what connections and clients say of the time: see mp/call-timeout.h.
class DeadlineScope final : public CallScope
{
public:
    explicit DeadlineScope(Clock::time_point deadline) : CallScope(deadline, std::nullopt) {}
    //! From now. No time at all lets calls fail before they are sent.
    explicit DeadlineScope(std::chrono::nanoseconds timeout);
};

//! Calls that haven't ended when the token is cancelled throw CancelledError, as DeadlineScope says.
class CancelScope final : public CallScope
{
public:
    explicit CancelScope(CancelToken token) : CallScope(std::nullopt, std::move(token)) {}
};

} // namespace mp

#endif // MP_CALL_SCOPE_H
