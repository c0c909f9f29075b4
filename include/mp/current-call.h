#ifndef MP_CURRENT_CALL_H
#define MP_CURRENT_CALL_H

#include <mp/call-scope.h>
#include <mp/cancel.h>
#include <optional>

namespace mp {

//! What a method that runs for a peer can learn of its call. May be kept, and used on other threads.
class RunningCall
{
public:
    //! No call: never cancelled.
    RunningCall() = default;
    RunningCall(CancelToken token, std::optional<CallScope::Clock::time_point> deadline)
        : m_call(true), m_token(std::move(token)), m_deadline(deadline)
    {
    }

    //! Whether the thread was in a method that has a Context. Others run on the event loop, where nothing cancels them.
    explicit operator bool() const { return m_call; }

    //! Whether nobody waits for the method's result any more: the caller has given up, or the connection is gone.
    bool cancelled() const { return m_token.cancelled(); }
    //! Wait for that, for so long at most. @return cancelled()
    bool waitCancelled(std::chrono::nanoseconds timeout) const { return m_token.waitCancelled(timeout); }
    //! Have fn called then, owning the event loop: it must neither wait nor call remote objects. Here, at once, if it is
    //! cancelled already. Until the returned object is destroyed.
    [[nodiscard]] CancelCallback onCancel(std::function<void()> fn) const { return {m_token, std::move(fn)}; }
    const CancelToken& token() const { return m_token; }

    //! When the caller gives up, if it has said so. The calls that the method makes end then, too.
    const std::optional<CallScope::Clock::time_point>& deadline() const { return m_deadline; }

private:
    bool m_call{false};
    CancelToken m_token;
    std::optional<CallScope::Clock::time_point> m_deadline;
};

//! Of the method that this thread runs, the innermost one.
RunningCall CurrentCall();

} // namespace mp

#endif // MP_CURRENT_CALL_H
