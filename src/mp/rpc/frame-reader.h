#ifndef MP_RPC_FRAME_READER_H
#define MP_RPC_FRAME_READER_H

#include <capnp/message.h>
#include <capnp/rpc.h>
#include <deque>
#include <kj/refcount.h>
#include <kj/vector.h>
#include <mp/limits.h>
#include <sys/uio.h>

namespace mp {

//! Cuts a stream of bytes into Cap'n Proto messages. Knows nothing of where the bytes come from.
//! Nothing in the bytes is trusted: sizes are checked before memory is taken for them.
class FrameReader
{
public:
    explicit FrameReader(const Limits& limits);
    ~FrameReader();
    KJ_DISALLOW_COPY(FrameReader);

    //! Where to read bytes to: the message that is being received, and then the scratch space.
    //! @return number of pieces, one or two
    int space(iovec* pieces, kj::ArrayPtr<kj::byte> scratch);

    //! Take bytes that were read to space().
    //! @throws kj::Exception when they are no message, or too large a one
    void received(size_t bytes, kj::ArrayPtr<const kj::byte> scratch);

    //! Take bytes from anywhere.
    //! @throws like received()
    void feed(kj::ArrayPtr<const kj::byte> bytes);

    //! For the messages that begin from now on.
    void setLimits(const Limits& limits);

    //! What the messages take that are still there, with whoever has them, and the one that is being received.
    size_t heldBytes() const { return m_held->bytes; }

    bool hasMessage() const { return !m_messages.empty(); }
    kj::Own<capnp::IncomingRpcMessage> takeMessage();
    //! Of the message that takeMessage() returns next.
    kj::ArrayPtr<const capnp::word> firstSegment();
    //! Forget the messages that nobody took.
    void drop();

    //! Whether the bytes so far end between two messages.
    bool betweenMessages() const { return m_partial.get() == nullptr && m_header.empty(); }

private:
    class Incoming;

    //! Shared with the messages, which may outlive the reader.
    struct Held : public kj::Refcounted
    {
        size_t bytes{0};
    };

    //! Take the header off the bytes, as far as it is there. @return whether a message has begun
    bool takeHeader(kj::ArrayPtr<const kj::byte>& bytes);
    static size_t checkedHeaderSize(kj::ArrayPtr<const kj::byte> start);
    //! Words of the first segments.
    size_t checkedWords(kj::ArrayPtr<const kj::byte> header, size_t segments) const;
    //! What is there of a header, whose rest may never come if it is none.
    void checkUnfinishedHeader() const;
    //! @return whether the message was complete
    bool finishPartial();
    void begin(kj::ArrayPtr<const kj::byte> header);

    size_t m_max_words;
    size_t m_max_traversal_words;
    kj::Own<Held> m_held;
    std::deque<kj::Own<Incoming>> m_messages;
    //! Start of a header that is not complete yet.
    kj::Vector<kj::byte> m_header;
    kj::Own<Incoming> m_partial;
};

} // namespace mp

#endif // MP_RPC_FRAME_READER_H
