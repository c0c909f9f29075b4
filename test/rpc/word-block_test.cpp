#include <mp/rpc/word-block.h>

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <new>

namespace mp::test {
namespace {

constexpr size_t MIB = (size_t{1} << 20) / sizeof(capnp::word);

using Content = WordBlock::Content;

bool IsZero(const WordBlock& block)
{
    const auto bytes = block.words().asBytes();
    return std::all_of(bytes.begin(), bytes.end(), [](kj::byte b) { return b == 0; });
}

TEST(WordBlocks, AreZeroAndWritableWhateverTheirSize)
{
    for (const size_t words : {size_t{1}, size_t{1000}, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 5 * MIB, 9 * MIB}) {
        for (int i = 0; i < 3; ++i) {
            const WordBlock block(words, Content::Zero);
            ASSERT_EQ(block.words().size(), words);
            EXPECT_TRUE(IsZero(block)) << words;
            memset(block.words().asBytes().begin(), 0xff, words * sizeof(capnp::word));
        }
    }
}

TEST(WordBlocks, AreMoved)
{
    for (const size_t words : {size_t{100}, 3 * MIB}) {
        WordBlock first(words, Content::Any);
        auto memory = first.words();
        memset(memory.asBytes().begin(), 1, words * sizeof(capnp::word));
        WordBlock second(std::move(first));
        EXPECT_EQ(second.words().begin(), memory.begin());
        WordBlock third;
        EXPECT_EQ(third.words().size(), 0u);
        third = std::move(second);
        EXPECT_EQ(third.words().begin(), memory.begin());
        EXPECT_EQ(third.words().asBytes()[words], 1);
        third = WordBlock(1, Content::Any);
        EXPECT_EQ(third.words().size(), 1u);
    }
}

TEST(WordBlocks, ThatAreTooLargeAreRefused)
{
    EXPECT_THROW(WordBlock(size_t{1} << 55, Content::Any), std::bad_alloc);
}

} // namespace
} // namespace mp::test
