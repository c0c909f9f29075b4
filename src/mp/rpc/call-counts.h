#ifndef MP_RPC_CALL_COUNTS_H
#define MP_RPC_CALL_COUNTS_H

#include "call-table.h"
#include "message-head.h"

namespace mp {

//! What the messages of a connection say of the calls over it.
class CallCounts
{
public:
    void sent(const MessageHead& message) { note(message, m_own, m_peers); }
    void received(const MessageHead& message);

    const CallTable& own() const { return m_own; }
    const CallTable& peers() const { return m_peers; }
    //! Whether neither side waits for an answer.
    bool answered() const { return m_own.unanswered() == 0 && m_peers.unanswered() == 0; }
    //! Whether the peer has ever called a method.
    bool called() const { return m_called; }

private:
    //! @param callers  calls of the side that sent the message
    //! @param callees  calls of the other side
    static void note(const MessageHead& message, CallTable& callers, CallTable& callees);

    CallTable m_own;
    CallTable m_peers;
    bool m_called{false};
};

} // namespace mp

#endif // MP_RPC_CALL_COUNTS_H
