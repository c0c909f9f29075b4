#include "call-counts.h"

namespace mp {

namespace {
//! Whether the caller need not say that it has finished with the answer.
bool NeedsNoFinish([[maybe_unused]] capnp::rpc::Return::Reader answer)
{
#if CAPNP_VERSION >= 1000000
    return answer.getNoFinishNeeded();
#else
    return false;
#endif
}
} // namespace

void CallCounts::received(capnp::rpc::Message::Reader message)
{
    if (message.isCall()) m_called = true;
    note(message, m_peers, m_own);
}

void CallCounts::note(capnp::rpc::Message::Reader message, CallTable& callers, CallTable& callees)
{
    switch (message.which()) {
    case capnp::rpc::Message::BOOTSTRAP: callers.call(message.getBootstrap().getQuestionId()); break;
    case capnp::rpc::Message::CALL: callers.call(message.getCall().getQuestionId()); break;
    case capnp::rpc::Message::FINISH: callers.finish(message.getFinish().getQuestionId()); break;
    case capnp::rpc::Message::RETURN: {
        const auto answer = message.getReturn();
        callees.answer(answer.getAnswerId());
        if (NeedsNoFinish(answer)) callees.finish(answer.getAnswerId());
        break;
    }
    default: break;
    }
}

} // namespace mp
