#ifndef MP_RPC_PENDING_CALL_H
#define MP_RPC_PENDING_CALL_H

#include <kj/async.h>
#include <mp/connection.h>

namespace mp {

//! How a call that a thread waits for may end before its answer comes. Shared by those who may end it, who may come too
//! late. Owning the loop.
class PendingCall
{
public:
    enum class Reason {
        None,
        Late,      //!< its deadline has passed
        Cancelled, //!< its token was cancelled
        Orphaned   //!< the caller of the method that made it has given that up
    };

    //! Give it up, if it hasn't ended.
    void abandon(Reason reason)
    {
        if (m_ended) return;
        m_reason = reason;
        m_canceler.cancel("the call was given up");
    }
    Reason abandoned() const { return m_reason; }

    //! The answer, or a failure when the call is abandoned.
    template <typename T>
    kj::Promise<T> wrap(kj::Promise<T> answer)
    {
        return m_canceler.wrap(kj::mv(answer));
    }
    void end() { m_ended = true; }

    //! The calling thread, as the peer may call it back unless this call is given up; null when it has gone.
    ProxyServer<Thread>* callback_thread{nullptr};
    //! What bounds it, and thereby its callbacks' own calls; null if nothing does, or it has ended. Used by the calling
    //! thread.
    const CallScope* scope{nullptr};

private:
    bool m_ended{false};
    Reason m_reason{Reason::None};
    kj::Canceler m_canceler;
};

} // namespace mp

#endif // MP_RPC_PENDING_CALL_H
