#ifndef MP_RPC_OUTGOING_MESSAGE_H
#define MP_RPC_OUTGOING_MESSAGE_H

#include "word-block.h"

#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/orphan.h>
#include <capnp/rpc.h>
#include <kj/refcount.h>
#include <kj/vector.h>

namespace mp {

class MessageNetwork;

//! A message that is being built, and then sent. Ordinary ones fit into the first segment, which is a part of it.
//! It may refer to bytes that others own. Owning the loop.
class OutgoingMessage final : public capnp::OutgoingRpcMessage, public kj::Refcounted, private capnp::MessageBuilder
{
public:
    OutgoingMessage(MessageNetwork& network, kj::uint first_segment_words);

    // capnp::OutgoingRpcMessage
    capnp::AnyPointer::Builder getBody() override { return getRoot<capnp::AnyPointer>(); }
    void send() override;
    size_t sizeInWords() override { return capnp::MessageBuilder::sizeInWords(); }

    kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments() { return getSegmentsForOutput(); }

    //! Whether this address is in one of the segments.
    bool contains(const void* address);
    //! Make bytes that others own a segment of the message.
    //! @param within  a struct of the message
    capnp::Orphan<capnp::Data> borrow(capnp::AnyStruct::Builder within, capnp::Data::Reader bytes);
    //! The owner of borrowed bytes has no more use for them.
    void keep(kj::Own<void> owner) { m_owners.add(kj::mv(owner)); }
    //! Borrowed bytes are about to go, also if the message isn't sent yet.
    void returnBorrowed();

    //! Call add(data, size) with what is to be sent, piece by piece.
    template <typename Add>
    void eachPiece(Add&& add)
    {
        // Both are in the order in which they became segments. One object may be several.
        const Borrowed* borrowed = m_borrowed.begin();
        for (const auto& segment : segments()) {
            const auto bytes = segment.asBytes();
            if (borrowed != m_borrowed.end() && borrowed->data == bytes.begin()) {
                // What follows them, up to a whole word, is not the message's.
                static constexpr kj::byte PADDING[sizeof(capnp::word)]{};
                add(borrowed->bytes(), borrowed->size);
                add(PADDING, bytes.size() - borrowed->size);
                ++borrowed;
            } else {
                add(bytes.begin(), bytes.size());
            }
        }
    }

private:
    //! Of few words, so that the whole object is among the sizes that malloc keeps for each thread.
    static constexpr size_t SCRATCH_WORDS = 64;

    struct Borrowed
    {
        Borrowed(const void* data, size_t size) : data(data), size(size) {}
        const kj::byte* bytes() const
        {
            return copy.words().size() > 0 ? copy.words().asBytes().begin() : static_cast<const kj::byte*>(data);
        }

        const void* data;
        size_t size;
        //! What is sent instead, after returnBorrowed().
        WordBlock copy;
    };

    // capnp::MessageBuilder
    kj::ArrayPtr<capnp::word> allocateSegment(kj::uint minimum_words) override;
    //! A segment for one list of bytes. What pads its last word is zero.
    kj::ArrayPtr<capnp::word> allocateBytes(size_t words);

    MessageNetwork& m_network;
    const size_t m_first_segment_words;
    capnp::word m_scratch[SCRATCH_WORDS]{};
    kj::Vector<WordBlock> m_blocks;
    size_t m_allocated{0};
    kj::Vector<Borrowed> m_borrowed;
    kj::Vector<kj::Own<void>> m_owners;
};

} // namespace mp

#endif // MP_RPC_OUTGOING_MESSAGE_H
