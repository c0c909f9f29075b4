#ifndef MP_RPC_MESSAGE_HEAD_H
#define MP_RPC_MESSAGE_HEAD_H

#include <capnp/rpc.capnp.h>
#include <optional>

namespace mp {

//! What of a message is looked at on its way.
struct MessageHead
{
    capnp::rpc::Message::Which which{capnp::rpc::Message::UNIMPLEMENTED};
    //! By which calls and bootstraps, and answers and finishes, know each other; 0 for other messages.
    uint32_t question{0};
    //! Of an answer: the caller need not say that it has finished with it.
    bool no_finish_needed{false};

    bool operator==(const MessageHead&) const = default;
};

//! Of any message.
MessageHead ReadHead(capnp::rpc::Message::Reader message);

//! The same from a message's first segment, where that is laid out as RpcSystem does it: one struct after the other. Takes
//! a tenth of ReadHead().
//! @return nothing if it is laid out in another way
std::optional<MessageHead> PeekHead(kj::ArrayPtr<const capnp::word> segment);

} // namespace mp

#endif // MP_RPC_MESSAGE_HEAD_H
