#include "outgoing-message.h"

#include "message-network.h"

#include <capnp/any.h>
#include <cstring>
#include <functional>
#include <kj/debug.h>
#include <mp/proxy-bytes.h>
#include <new>

namespace mp {

namespace {
//! Segments double up to here.
constexpr size_t MAX_GROWTH_WORDS = (size_t{64} << 20) / sizeof(capnp::word);
//! Segments for one list of bytes each. Peers refuse a message of more than 511 segments.
constexpr size_t MAX_BLOCKS_OF_BYTES = 64;
//! Above, malloc has no cache for each thread.
constexpr size_t MAX_CACHED_BYTES = 1032;
} // namespace

OutgoingMessage::OutgoingMessage(MessageNetwork& network, kj::uint first_segment_words)
    : m_network(network), m_first_segment_words(first_segment_words)
{
    static_assert(sizeof(OutgoingMessage) <= MAX_CACHED_BYTES);
}

void OutgoingMessage::send() { m_network.enqueue(*this); }

kj::ArrayPtr<capnp::word> OutgoingMessage::allocateSegment(kj::uint minimum_words)
{
    if (m_allocated > 0 && m_blocks.size() < MAX_BLOCKS_OF_BYTES &&
        detail::Overwrites::cover(size_t{minimum_words} * sizeof(capnp::word))) {
        return allocateBytes(minimum_words);
    }
    const size_t wanted = m_allocated == 0 ? m_first_segment_words : kj::min(m_allocated, MAX_GROWTH_WORDS);
    const size_t words = kj::max(wanted, size_t{minimum_words});
    if (m_allocated == 0 && words <= SCRATCH_WORDS) {
        m_allocated = SCRATCH_WORDS;
        return kj::arrayPtr(m_scratch, SCRATCH_WORDS);
    }
    m_allocated += words;
    m_blocks.add(words, WordBlock::Content::Zero);
    return m_blocks.back().words();
}

kj::ArrayPtr<capnp::word> OutgoingMessage::allocateBytes(size_t words)
{
    m_blocks.add(words, WordBlock::Content::Any);
    auto block = m_blocks.back().words();
    memset(static_cast<void*>(block.end() - 1), 0, sizeof(capnp::word));
    return block;
}

bool OutgoingMessage::contains(const void* address)
{
    const auto* const word = static_cast<const capnp::word*>(address);
    for (const auto& segment : segments()) {
        if (!std::less<>()(word, segment.begin()) && std::less<>()(word, segment.end())) return true;
    }
    return false;
}

capnp::Orphan<capnp::Data> OutgoingMessage::borrow(capnp::AnyStruct::Builder within, capnp::Data::Reader bytes)
{
    // What is a segment must be known as borrowed.
    m_borrowed.reserve(m_borrowed.size() + 1);
    auto lent = capnp::Orphanage::getForMessageContaining(within).referenceExternalData(bytes);
    m_borrowed.add(bytes.begin(), bytes.size());
    return lent;
}

void OutgoingMessage::returnBorrowed()
{
    // Usually all of it has been sent.
    if (!isShared()) return;
    try {
        for (Borrowed& borrowed : m_borrowed) {
            if (borrowed.copy.words().size() > 0) continue;
            WordBlock copy((borrowed.size - 1) / sizeof(capnp::word) + 1, WordBlock::Content::Any);
            memcpy(copy.words().begin(), borrowed.data, borrowed.size);
            borrowed.copy = kj::mv(copy);
        }
    } catch (const std::bad_alloc&) {
        // Nothing can be sent any more: what was begun can't be finished.
        m_network.giveUpOutput(DisconnectReason::Local, KJ_EXCEPTION(OVERLOADED, "no memory for what is still to be sent"));
    }
}

} // namespace mp
