#include "message-head.h"

#include <cstring>

namespace mp {

using capnp::rpc::Message;

namespace {
uint64_t WordAt(kj::ArrayPtr<const capnp::word> segment, size_t index)
{
    uint64_t word;
    std::memcpy(&word, segment.begin() + index, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

bool HasQuestion(Message::Which which)
{
    switch (which) {
    case Message::CALL:
    case Message::RETURN:
    case Message::FINISH:
    case Message::BOOTSTRAP: return true;
    default: return false;
    }
}

bool NoFinishNeeded([[maybe_unused]] capnp::rpc::Return::Reader answer)
{
#if CAPNP_VERSION >= 1000000
    return answer.getNoFinishNeeded();
#else
    return false;
#endif
}
} // namespace

MessageHead ReadHead(Message::Reader message)
{
    MessageHead head{.which = message.which()};
    switch (head.which) {
    case Message::CALL: head.question = message.getCall().getQuestionId(); break;
    case Message::FINISH: head.question = message.getFinish().getQuestionId(); break;
    case Message::BOOTSTRAP: head.question = message.getBootstrap().getQuestionId(); break;
    case Message::RETURN:
        head.question = message.getReturn().getAnswerId();
        head.no_finish_needed = NoFinishNeeded(message.getReturn());
        break;
    default: break;
    }
    return head;
}

std::optional<MessageHead> PeekHead(kj::ArrayPtr<const capnp::word> segment)
{
    // The root's pointer, its word, its pointer to the body, which follows, and the body's first word. The fields that
    // are read are the first ones of their structs, so their places are fixed.
    constexpr size_t LEAST = 4;
    constexpr uint64_t ROOT = uint64_t{1} << 48 | uint64_t{1} << 32;
    if (segment.size() < LEAST || WordAt(segment, 0) != ROOT) return std::nullopt;
    MessageHead head{.which = static_cast<Message::Which>(static_cast<uint16_t>(WordAt(segment, 1)))};
    if (!HasQuestion(head.which)) return head;
    const uint64_t pointer = WordAt(segment, 2);
    const size_t data_words = (pointer >> 32) & 0xffff;
    const size_t pointers = pointer >> 48;
    const bool follows = static_cast<uint32_t>(pointer) == 0 && data_words > 0;
    if (!follows || data_words + pointers > segment.size() - 3) return std::nullopt;
    const uint64_t data = WordAt(segment, 3);
    head.question = static_cast<uint32_t>(data);
#if CAPNP_VERSION >= 1000000
    constexpr int NO_FINISH_NEEDED = 33;
    head.no_finish_needed = head.which == Message::RETURN && ((data >> NO_FINISH_NEEDED) & 1);
#endif
    return head;
}

} // namespace mp
