#include "frame-reader.h"

#include "word-block.h"

#include <capnp/any.h>
#include <cstring>
#include <mp/util.h>

namespace mp {

namespace {
//! As many as stock Cap'n Proto accepts.
constexpr uint32_t MAX_SEGMENTS = 511;
constexpr size_t WORD = sizeof(capnp::word);

uint32_t Read32(const kj::byte* p)
{
    return uint32_t{p[0]} | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
}

//! Bytes of the header that starts with these four: number of segments less one, size of each, padded to a word.
size_t HeaderSize(const kj::byte* p) { return (size_t{Read32(p)} + 3) / 2 * WORD; }

//! Their first ones, readable.
std::string ShownBytes(kj::ArrayPtr<const kj::byte> bytes)
{
    constexpr size_t MAX_SHOWN = 64;
    const auto chars = bytes.slice(0, kj::min(bytes.size(), MAX_SHOWN + 1)).asChars();
    return LogEscape(kj::strTree(kj::heapString(chars.begin(), chars.size())), MAX_SHOWN);
}

//! What a peer, or what started it, printed into the stream stands where a message should begin. Text is refused with
//! its second byte, as a number of segments. A single byte makes the message behind it one of several segments, and its
//! root pointer, which is the same for every RPC message, the size of one of them: too many words. That leaves what
//! nobody prints: bytes 0 and 1.
[[noreturn]] KJ_NOINLINE void Refuse(kj::StringPtr why, kj::ArrayPtr<const kj::byte> bytes)
{
    auto description = kj::str("message ", why, ", or is none: '", ShownBytes(bytes).c_str(),
                               "'; does the peer, a launcher or a login script print into the stream?");
    kj::throwFatalException(kj::Exception(kj::Exception::Type::FAILED, __FILE__, __LINE__, kj::mv(description)));
}

capnp::ReaderOptions Options(size_t max_traversal_words)
{
    capnp::ReaderOptions options;
    options.traversalLimitInWords = max_traversal_words;
    return options;
}
} // namespace

//! A message and its bytes.
class FrameReader::Incoming final : public capnp::IncomingRpcMessage, private capnp::MessageReader
{
public:
    //! @param header  complete
    Incoming(kj::ArrayPtr<const kj::byte> header, size_t segments, size_t words, size_t max_traversal_words,
             kj::Own<Held> held)
        : capnp::MessageReader(Options(max_traversal_words)), m_segments(segments), m_words(words), m_held(kj::mv(held))
    {
        if (words > m_inline.size()) {
            m_heap = WordBlock(words, WordBlock::Content::Any);
            m_data = m_heap.words().begin();
        } else {
            m_data = m_inline.begin();
        }
        if (segments > 1) m_sizes = kj::heapArray<uint32_t>(segments);
        for (size_t i = 0; i < m_sizes.size(); ++i) m_sizes[i] = Read32(header.begin() + 4 + 4 * i);
        m_held->bytes += sizeInBytes();
    }

    ~Incoming() override { m_held->bytes -= sizeInBytes(); }
    KJ_DISALLOW_COPY(Incoming);

    kj::ArrayPtr<kj::byte> missing()
    {
        return kj::arrayPtr(reinterpret_cast<kj::byte*>(m_data) + m_filled, m_words * WORD - m_filled);
    }
    void fill(size_t bytes) { m_filled += bytes; }

    // capnp::IncomingRpcMessage
    capnp::AnyPointer::Reader getBody() override { return getRoot<capnp::AnyPointer>(); }
    size_t sizeInWords() override { return m_words; }

    // capnp::MessageReader
    kj::ArrayPtr<const capnp::word> getSegment(kj::uint id) override
    {
        if (id >= m_segments) return nullptr;
        if (m_segments == 1) return kj::arrayPtr(m_data, m_words);
        size_t offset = 0;
        for (size_t i = 0; i < id; ++i) offset += m_sizes[i];
        return kj::arrayPtr(m_data + offset, m_sizes[id]);
    }

private:
    size_t sizeInBytes() const { return sizeof(*this) + (m_words > m_inline.size() ? m_words * WORD : 0); }

    const size_t m_segments;
    const size_t m_words;
    kj::Own<Held> m_held;
    size_t m_filled{0};
    capnp::word* m_data;
    //! Of several segments; a single one has all words.
    kj::Array<uint32_t> m_sizes;
    WordBlock m_heap;
    //! Room for ordinary calls, so that they take one allocation.
    kj::FixedArray<capnp::word, 64> m_inline;
};

FrameReader::FrameReader(const Limits& limits) : m_held(kj::refcounted<Held>()) { setLimits(limits); }

void FrameReader::setLimits(const Limits& limits)
{
    m_max_words = limits.max_message_bytes / WORD;
    m_max_traversal_words = limits.max_traversal_bytes / WORD;
}

FrameReader::~FrameReader() = default;

int FrameReader::space(iovec* pieces, kj::ArrayPtr<kj::byte> scratch)
{
    int count = 0;
    if (m_partial.get() != nullptr) {
        auto missing = m_partial->missing();
        pieces[count++] = {missing.begin(), missing.size()};
    }
    pieces[count++] = {scratch.begin(), scratch.size()};
    return count;
}

void FrameReader::received(size_t bytes, kj::ArrayPtr<const kj::byte> scratch)
{
    if (m_partial.get() != nullptr) {
        const size_t direct = kj::min(bytes, m_partial->missing().size());
        m_partial->fill(direct);
        bytes -= direct;
        if (!finishPartial()) return;
    }
    feed(scratch.slice(0, bytes));
}

void FrameReader::feed(kj::ArrayPtr<const kj::byte> bytes)
{
    while (bytes.size() > 0) {
        if (m_partial.get() == nullptr && !takeHeader(bytes)) return;
        auto missing = m_partial->missing();
        const size_t take = kj::min(missing.size(), bytes.size());
        memcpy(missing.begin(), bytes.begin(), take);
        m_partial->fill(take);
        bytes = bytes.slice(take, bytes.size());
        finishPartial();
    }
}

bool FrameReader::finishPartial()
{
    if (m_partial->missing().size() > 0) return false;
    m_messages.push_back(kj::mv(m_partial));
    return true;
}

bool FrameReader::takeHeader(kj::ArrayPtr<const kj::byte>& bytes)
{
    // Usually the whole header is there, and nothing is copied.
    if (m_header.empty() && bytes.size() >= 4) {
        const size_t size = checkedHeaderSize(bytes);
        if (bytes.size() >= size) {
            begin(bytes.slice(0, size));
            bytes = bytes.slice(size, bytes.size());
            return true;
        }
    }
    for (;;) {
        const size_t size = m_header.size() < 4 ? 4 : checkedHeaderSize(m_header);
        const size_t take = kj::min(size - m_header.size(), bytes.size());
        m_header.addAll(bytes.slice(0, take));
        bytes = bytes.slice(take, bytes.size());
        if (m_header.size() < size) {
            checkUnfinishedHeader();
            return false;
        }
        if (size > 4) break;
    }
    begin(m_header);
    m_header.clear();
    return true;
}

size_t FrameReader::checkedHeaderSize(kj::ArrayPtr<const kj::byte> start)
{
    if (Read32(start.begin()) >= MAX_SEGMENTS) Refuse("has too many segments", start);
    return HeaderSize(start.begin());
}

size_t FrameReader::checkedWords(kj::ArrayPtr<const kj::byte> header, size_t segments) const
{
    size_t words = 0;
    for (size_t i = 0; i < segments; ++i) words += Read32(header.begin() + 4 + 4 * i);
    if (words > m_max_words) Refuse("is too large", header);
    return words;
}

void FrameReader::checkUnfinishedHeader() const
{
    if (m_header.size() >= 4) {
        checkedWords(m_header, m_header.size() / 4 - 1);
        return;
    }
    kj::byte start[4]{};
    memcpy(start, m_header.begin(), m_header.size());
    if (Read32(start) >= MAX_SEGMENTS) Refuse("has too many segments", m_header);
}

void FrameReader::begin(kj::ArrayPtr<const kj::byte> header)
{
    const size_t segments = size_t{Read32(header.begin())} + 1;
    const size_t words = checkedWords(header, segments);
    m_partial = kj::heap<Incoming>(header, segments, words, m_max_traversal_words, kj::addRef(*m_held));
}

void FrameReader::drop() { m_messages.clear(); }

kj::ArrayPtr<const capnp::word> FrameReader::firstSegment() { return m_messages.front()->getSegment(0); }

kj::Own<capnp::IncomingRpcMessage> FrameReader::takeMessage()
{
    kj::Own<capnp::IncomingRpcMessage> message = kj::mv(m_messages.front());
    m_messages.pop_front();
    return message;
}

} // namespace mp
