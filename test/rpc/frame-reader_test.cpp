#include <mp/rpc/frame-reader.h>

#include <capnp/any.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <cstring>
#include <gtest/gtest.h>

namespace mp::test {
namespace {

constexpr size_t MAX_WORDS = 1 << 16;
constexpr Limits LIMITS{.max_message_bytes = MAX_WORDS * sizeof(capnp::word)};

using Bytes = std::vector<kj::byte>;
using Texts = std::vector<std::string>;

//! A message of texts; with a small first segment it has several.
Bytes MakeMessage(const Texts& texts, kj::uint first_segment_words = 1024)
{
    capnp::MallocMessageBuilder builder(first_segment_words, capnp::AllocationStrategy::FIXED_SIZE);
    auto list =
        builder.initRoot<capnp::AnyPointer>().initAs<capnp::List<capnp::Text>>(static_cast<kj::uint>(texts.size()));
    for (kj::uint i = 0; i < texts.size(); ++i) list.set(i, texts[i]);
    const auto words = capnp::messageToFlatArray(builder);
    const auto bytes = words.asBytes();
    return Bytes(bytes.begin(), bytes.end());
}

Bytes MakeSegments(const Texts& texts, uint32_t& segments)
{
    Bytes bytes = MakeMessage(texts, 2);
    memcpy(&segments, bytes.data(), sizeof(segments));
    ++segments;
    return bytes;
}

void Append(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

kj::ArrayPtr<const kj::byte> Slice(const Bytes& bytes, size_t begin, size_t end)
{
    return kj::arrayPtr(bytes.data() + begin, bytes.data() + end);
}

void Feed(FrameReader& reader, const Bytes& bytes) { reader.feed(Slice(bytes, 0, bytes.size())); }

//! Hand bytes over as a read of a socket does: to the pieces that the reader names.
void Receive(FrameReader& reader, kj::ArrayPtr<const kj::byte> bytes)
{
    kj::byte scratch[64];
    while (bytes.size() > 0) {
        iovec pieces[2];
        const int count = reader.space(pieces, scratch);
        size_t received = 0;
        for (int i = 0; i < count; ++i) {
            const size_t n = std::min(pieces[i].iov_len, bytes.size());
            memcpy(pieces[i].iov_base, bytes.begin(), n);
            bytes = bytes.slice(n, bytes.size());
            received += n;
        }
        reader.received(received, scratch);
    }
}

//! Texts of the next message; none if there is no message.
Texts Take(FrameReader& reader)
{
    Texts texts;
    if (!reader.hasMessage()) return texts;
    auto message = reader.takeMessage();
    for (const auto text : message->getBody().getAs<capnp::List<capnp::Text>>()) texts.emplace_back(text.cStr());
    return texts;
}

//! Description of the exception that the bytes lead to; empty if there is none.
std::string Refusal(const Bytes& bytes)
{
    FrameReader reader(LIMITS);
    const auto error = kj::runCatchingExceptions([&] { Feed(reader, bytes); });
    KJ_IF_MAYBE (e, error) return e->getDescription().cStr();
    return "";
}

Bytes Header(std::initializer_list<uint32_t> numbers)
{
    Bytes bytes(numbers.size() * 4);
    memcpy(bytes.data(), numbers.begin(), bytes.size());
    return bytes;
}

const Texts TEXTS{"one", "two and a bit more", "three"};

TEST(FrameReader, ReadsAWholeMessage)
{
    FrameReader reader(LIMITS);
    Feed(reader, MakeMessage(TEXTS));
    EXPECT_TRUE(reader.betweenMessages());
    EXPECT_EQ(Take(reader), TEXTS);
    EXPECT_FALSE(reader.hasMessage());
}

TEST(FrameReader, JoinsAMessageThatIsSplitAnywhere)
{
    uint32_t segments = 0;
    const Bytes bytes = MakeSegments(TEXTS, segments);
    ASSERT_GT(segments, 2u);
    for (size_t split = 0; split <= bytes.size(); ++split) {
        SCOPED_TRACE(split);
        FrameReader reader(LIMITS);
        reader.feed(Slice(bytes, 0, split));
        EXPECT_EQ(reader.hasMessage(), split == bytes.size());
        EXPECT_EQ(reader.betweenMessages(), split == 0 || split == bytes.size());
        reader.feed(Slice(bytes, split, bytes.size()));
        EXPECT_EQ(Take(reader), TEXTS);
        EXPECT_TRUE(reader.betweenMessages());
    }
}

TEST(FrameReader, JoinsTwoMessagesThatAreReadInTwoPieces)
{
    uint32_t segments = 0;
    const Bytes first = MakeSegments(TEXTS, segments);
    Bytes bytes = first;
    Append(bytes, MakeMessage({"next"}));
    for (size_t split = 0; split <= bytes.size(); ++split) {
        SCOPED_TRACE(split);
        FrameReader reader(LIMITS);
        Receive(reader, Slice(bytes, 0, split));
        EXPECT_EQ(reader.hasMessage(), split >= first.size());
        Receive(reader, Slice(bytes, split, bytes.size()));
        EXPECT_EQ(Take(reader), TEXTS);
        EXPECT_EQ(Take(reader), Texts{"next"});
        EXPECT_TRUE(reader.betweenMessages());
    }
}

TEST(FrameReader, JoinsAMessageByteByByte)
{
    for (const kj::uint first_segment_words : {2u, 1024u}) {
        const Bytes bytes = MakeMessage(TEXTS, first_segment_words);
        FrameReader reader(LIMITS);
        for (size_t i = 0; i < bytes.size(); ++i) {
            EXPECT_FALSE(reader.hasMessage());
            Receive(reader, Slice(bytes, i, i + 1));
        }
        EXPECT_EQ(Take(reader), TEXTS);
    }
}

TEST(FrameReader, ReadsSeveralMessagesAtOnce)
{
    Bytes bytes;
    for (int i = 0; i < 100; ++i) Append(bytes, MakeMessage({std::to_string(i)}, i % 2 ? 2 : 64));
    FrameReader reader(LIMITS);
    Feed(reader, bytes);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(Take(reader), Texts{std::to_string(i)});
    EXPECT_FALSE(reader.hasMessage());
    EXPECT_TRUE(reader.betweenMessages());
}

TEST(FrameReader, ReadsAMessageBeyondItsInlineRoom)
{
    const Texts big{std::string(100000, 'x')};
    FrameReader reader(LIMITS);
    const Bytes bytes = MakeMessage(big);
    Receive(reader, Slice(bytes, 0, bytes.size()));
    EXPECT_EQ(Take(reader), big);
}

TEST(FrameReader, TakesAnEmptyMessageAsOne)
{
    FrameReader reader(LIMITS);
    Feed(reader, Header({0, 0}));
    EXPECT_TRUE(reader.betweenMessages());
    ASSERT_TRUE(reader.hasMessage());
    auto message = reader.takeMessage();
    EXPECT_EQ(message->sizeInWords(), 0u);
    // Its reader refuses it, and reads nothing that is not there.
    EXPECT_NE(kj::runCatchingExceptions([&] { message->getBody().isNull(); }), nullptr);
}

TEST(FrameReader, TakesAnEmptyMessageBetweenOthers)
{
    Bytes bytes = MakeMessage({"before"});
    Append(bytes, Header({0, 0}));
    Append(bytes, MakeMessage({"after"}));
    FrameReader reader(LIMITS);
    Feed(reader, bytes);
    EXPECT_EQ(Take(reader), Texts{"before"});
    EXPECT_EQ(reader.takeMessage()->sizeInWords(), 0u);
    EXPECT_EQ(Take(reader), Texts{"after"});
}

TEST(FrameReader, KeepsToThePointersOfMissingSegments)
{
    // One segment of one word: a far pointer to segment 7.
    Bytes bytes = Header({0, 1, 2, 7});
    FrameReader reader(LIMITS);
    Feed(reader, bytes);
    ASSERT_TRUE(reader.hasMessage());
    auto message = reader.takeMessage();
    EXPECT_NE(kj::runCatchingExceptions([&] { message->getBody().getAs<capnp::Text>(); }), nullptr);
}

TEST(FrameReader, RefusesTooManySegments)
{
    for (const uint32_t count : {600u, 65535u, 0x7fffffffu, 0xfffffffeu, 0xffffffffu}) {
        EXPECT_NE(Refusal(Header({count, 1})).find("too many segments"), std::string::npos) << count;
    }
}

TEST(FrameReader, RefusesTooManySegmentsInAHeaderByteByByte)
{
    FrameReader reader(LIMITS);
    const Bytes bytes = Header({0xffffffffu, 0});
    const auto error = kj::runCatchingExceptions([&] {
        for (size_t i = 0; i < bytes.size(); ++i) reader.feed(Slice(bytes, i, i + 1));
    });
    EXPECT_NE(error, nullptr);
    EXPECT_FALSE(reader.hasMessage());
}

TEST(FrameReader, ReadsAHeaderOfManySegments)
{
    // 510 empty segments and one with a null pointer.
    Bytes bytes = Header({510});
    for (int i = 0; i < 511; ++i) Append(bytes, Header({i == 0 ? 1u : 0u}));
    Append(bytes, Bytes(8));
    for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}, bytes.size()}) {
        FrameReader reader(LIMITS);
        for (size_t i = 0; i < bytes.size(); i += piece)
            reader.feed(Slice(bytes, i, std::min(i + piece, bytes.size())));
        ASSERT_TRUE(reader.hasMessage()) << piece;
        EXPECT_TRUE(reader.takeMessage()->getBody().isNull());
    }
}

TEST(FrameReader, RefusesMessagesAboveTheLimitOnly)
{
    const uint32_t max = MAX_WORDS;
    EXPECT_EQ(Refusal(Header({0, max})), "");
    EXPECT_NE(Refusal(Header({0, max + 1})).find("message is too large"), std::string::npos);
    EXPECT_NE(Refusal(Header({1, max, 1, 0})).find("message is too large"), std::string::npos);
}

TEST(FrameReader, AddsSizesWithoutOverflow)
{
    // Their sum is 0 in 32 bits.
    EXPECT_NE(Refusal(Header({1, 0x80000000u, 0x80000000u, 0})).find("message is too large"), std::string::npos);
    EXPECT_NE(Refusal(Header({2, 0xffffffffu, 0xffffffffu, 2})).find("message is too large"), std::string::npos);
}

TEST(FrameReader, RefusesTextAndShowsIt)
{
    const std::string text = "GET / HTTP/1.1\r\nHost: example\r\n\r\n";
    EXPECT_EQ(
        Refusal(Bytes(text.begin(), text.end())),
        "message has too many segments, or is none: 'GET / HTTP/1.1\\0d\\0aHost: example\\0d\\0a\\0d\\0a'; does the "
        "peer, a launcher or a login script print into the stream?");
    const std::string long_text(1000, 'x');
    EXPECT_NE(Refusal(Bytes(long_text.begin(), long_text.end())).find("'" + std::string(65, 'x') + "...'"),
              std::string::npos);
}

//! The first message of a server, and of a client.
std::vector<Bytes> FirstMessages()
{
    capnp::MallocMessageBuilder answer;
    auto result = answer.initRoot<capnp::rpc::Message>().initReturn();
    result.initResults().initCapTable(1)[0].setSenderHosted(0);
    capnp::MallocMessageBuilder question;
    question.initRoot<capnp::rpc::Message>().initBootstrap().setQuestionId(0);
    std::vector<Bytes> messages;
    for (capnp::MessageBuilder* message : {&answer, &question}) {
        const auto words = capnp::messageToFlatArray(*message);
        const auto bytes = words.asBytes();
        messages.emplace_back(bytes.begin(), bytes.end());
    }
    return messages;
}

TEST(FrameReader, RefusesTextBeforeAMessage)
{
    const std::string text = "Welcome\n";
    for (const Bytes& message : FirstMessages()) {
        for (size_t size = 1; size <= text.size(); ++size) {
            SCOPED_TRACE(size);
            const std::string banner = text.substr(text.size() - size);
            Bytes bytes(banner.begin(), banner.end());
            Append(bytes, message);
            EXPECT_NE(Refusal(bytes).find(size > 1 ? "too many segments, or is none: '" + banner.substr(0, size - 1)
                                                   : "too large, or is none: '\\0a\\00\\00"),
                      std::string::npos)
                << Refusal(bytes);
            // However it is cut, the end of the message is not waited for.
            FrameReader reader(LIMITS);
            EXPECT_NE(kj::runCatchingExceptions([&] {
                          for (size_t i = 0; i < bytes.size(); ++i) Receive(reader, Slice(bytes, i, i + 1));
                      }),
                      nullptr);
            EXPECT_FALSE(reader.hasMessage());
        }
    }
}

TEST(FrameReader, RefusesASingleByteBeforeAMessage)
{
    for (const Bytes& message : FirstMessages()) {
        for (int byte = 2; byte < 256; ++byte) {
            Bytes bytes{static_cast<kj::byte>(byte)};
            Append(bytes, message);
            EXPECT_NE(Refusal(bytes), "") << byte;
        }
    }
}

TEST(FrameReader, RefusesTwoCharactersThatNothingFollows)
{
    EXPECT_NE(Refusal({'x', '\n'}).find("'x\\0a'"), std::string::npos);
    EXPECT_EQ(Refusal({'\n'}), "");
}

TEST(FrameReader, KeepsMessagesThatCameBeforeGarbage)
{
    FrameReader reader(LIMITS);
    Bytes bytes = MakeMessage(TEXTS);
    Append(bytes, Header({0xffffffffu, 0xffffffffu}));
    EXPECT_NE(kj::runCatchingExceptions([&] { Feed(reader, bytes); }), nullptr);
    EXPECT_EQ(Take(reader), TEXTS);
}

TEST(FrameReader, TakesNoMemoryForWhatDoesNotCome)
{
    // The header announces the most; nothing follows. (The memory is reserved, but not touched.)
    constexpr size_t huge = size_t{1} << 26;
    FrameReader reader(Limits{.max_message_bytes = huge * sizeof(capnp::word)});
    Feed(reader, Header({0, huge - 1}));
    EXPECT_FALSE(reader.hasMessage());
    EXPECT_FALSE(reader.betweenMessages());
}

} // namespace
} // namespace mp::test
