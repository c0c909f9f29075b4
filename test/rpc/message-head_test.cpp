#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>
#include <mp/rpc/message-head.h>
#include <random>

namespace mp::test {
namespace {

using capnp::rpc::Message;

//! Peek into a message that is built in one segment, and read it.
void ExpectHead(capnp::MallocMessageBuilder& message, MessageHead expected)
{
    const auto segments = message.getSegmentsForOutput();
    ASSERT_EQ(segments.size(), 1u);
    EXPECT_EQ(PeekHead(segments[0]), expected);
    EXPECT_EQ(ReadHead(message.getRoot<Message>()), expected);
}

TEST(MessageHead, TellsWhatAMessageIs)
{
    for (const uint32_t question : {0u, 7u, 0xffffffffu}) {
        capnp::MallocMessageBuilder call;
        auto body = call.initRoot<Message>().initCall();
        body.setQuestionId(question);
        body.initTarget().setImportedCap(5);
        body.initParams();
        ExpectHead(call, {.which = Message::CALL, .question = question});

        capnp::MallocMessageBuilder answer;
        answer.initRoot<Message>().initReturn().setAnswerId(question);
        ExpectHead(answer, {.which = Message::RETURN, .question = question});
#if CAPNP_VERSION >= 1000000
        answer.getRoot<Message>().getReturn().setNoFinishNeeded(true);
        ExpectHead(answer, {.which = Message::RETURN, .question = question, .no_finish_needed = true});
#endif

        capnp::MallocMessageBuilder finish;
        finish.initRoot<Message>().initFinish().setQuestionId(question);
        ExpectHead(finish, {.which = Message::FINISH, .question = question});

        capnp::MallocMessageBuilder bootstrap;
        bootstrap.initRoot<Message>().initBootstrap().setQuestionId(question);
        ExpectHead(bootstrap, {.which = Message::BOOTSTRAP, .question = question});

        capnp::MallocMessageBuilder release;
        release.initRoot<Message>().initRelease().setId(question);
        ExpectHead(release, {.which = Message::RELEASE});
    }
}

TEST(MessageHead, LeavesFarStructsToTheReader)
{
    capnp::MallocMessageBuilder message(1, capnp::AllocationStrategy::FIXED_SIZE);
    message.initRoot<Message>().initCall().setQuestionId(7);
    const auto segments = message.getSegmentsForOutput();
    ASSERT_GT(segments.size(), 1u);
    EXPECT_EQ(PeekHead(segments[0]), std::nullopt);
    EXPECT_EQ(ReadHead(message.getRoot<Message>()), (MessageHead{.which = Message::CALL, .question = 7}));
}

TEST(MessageHead, LeavesMessagesOfAnOlderKindToTheReader)
{
    // Structs without data: all fields have their defaults.
    const uint64_t words[] = {uint64_t{1} << 48, 0};
    EXPECT_EQ(PeekHead(kj::arrayPtr(reinterpret_cast<const capnp::word*>(words), 2)), std::nullopt);
    EXPECT_EQ(PeekHead(nullptr), std::nullopt);
}

//! Whatever stands in it: if it is taken for a message, it is the one that Cap'n Proto reads.
TEST(MessageHead, AgreesWithTheReader)
{
    std::mt19937_64 random(1);
    size_t peeked = 0;
    for (int i = 0; i < 300'000; ++i) {
        // Of its size, so that a sanitizer sees what is read beyond it.
        auto words = kj::heapArray<capnp::word>(random() % 7);
        auto* const raw = reinterpret_cast<uint64_t*>(words.begin());
        if (words.size() > 0) raw[0] = uint64_t{1} << 48 | uint64_t{1} << 32;
        for (size_t k = 1; k < words.size(); ++k) {
            // Pointers that lead near, and small numbers.
            const uint64_t pointer = (random() % 4 << 48) | (random() % 3 << 32) | random() % 6 / 5 * 4;
            raw[k] = random() % 3 ? pointer : random() % 16;
        }
        const auto head = PeekHead(words);
        if (!head) continue;
        ++peeked;
        const kj::ArrayPtr<const capnp::word> segments[] = {words};
        capnp::SegmentArrayMessageReader reader(segments);
        EXPECT_EQ(*head, ReadHead(reader.getRoot<Message>())) << i;
    }
    EXPECT_GT(peeked, 1000u);
}

} // namespace
} // namespace mp::test
