#include "call-counts.h"

namespace mp {

using capnp::rpc::Message;

void CallCounts::received(const MessageHead& message)
{
    if (message.which == Message::CALL) m_called = true;
    note(message, m_peers, m_own);
}

void CallCounts::note(const MessageHead& message, CallTable& callers, CallTable& callees)
{
    switch (message.which) {
    case Message::BOOTSTRAP:
    case Message::CALL: callers.call(message.question); break;
    case Message::FINISH: callers.finish(message.question); break;
    case Message::RETURN:
        callees.answer(message.question);
        if (message.no_finish_needed) callees.finish(message.question);
        break;
    default: break;
    }
}

} // namespace mp
