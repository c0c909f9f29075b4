#include <mp/rpc/word-block.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <new>
#include <unistd.h>
#include <vector>

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
    for (const size_t words : {size_t{1}, size_t{1000}, MIB / 8 - 1, MIB / 8, MIB / 8 + 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 5 * MIB, 9 * MIB}) {
        for (int i = 0; i < 3; ++i) {
            const WordBlock block(words, Content::Zero);
            ASSERT_EQ(block.words().size(), words);
            EXPECT_TRUE(IsZero(block)) << words;
            memset(block.words().asBytes().begin(), 0xff, words * sizeof(capnp::word));
        }
    }
}

TEST(WordBlocks, AreReusedWhereTheyFit)
{
    for (const size_t words : {MIB / 2, 3 * MIB}) {
        const capnp::word* const first = WordBlock(words, Content::Any).words().begin();
        EXPECT_EQ(WordBlock(words - words / 4, Content::Zero).words().begin(), first);
        EXPECT_NE(WordBlock(words / 8, Content::Zero).words().begin(), first);
        EXPECT_NE(WordBlock(4 * words, Content::Zero).words().begin(), first);
        const WordBlock block(words, Content::Any);
        EXPECT_NE(WordBlock(words, Content::Any).words().begin(), block.words().begin());
    }
}

TEST(WordBlocks, LargeOnesAreReusedAlsoAfterManySmallOnes)
{
    {
        std::vector<WordBlock> blocks;
        for (int i = 0; i < 40; ++i) blocks.emplace_back(MIB / 8 + 1, Content::Any);
    }
    size_t fresh = 0;
    for (int i = 0; i < 10; ++i) {
        const WordBlock block(8 * MIB, Content::Any);
        if (block.words().asBytes()[0] == 0) ++fresh;
        memset(static_cast<void*>(block.words().begin()), 0xff, 8);
    }
    EXPECT_LE(fresh, 1u);
}

TEST(WordBlocks, AreNotKeptWithoutLimit)
{
    const auto mapped = [] {
        std::ifstream maps{"/proc/self/statm"};
        size_t pages = 0;
        maps >> pages;
        return pages * static_cast<size_t>(getpagesize());
    };
    const size_t before = mapped();
    {
        std::vector<WordBlock> blocks;
        for (size_t i = 0; i < 100; ++i) blocks.emplace_back((i % 2 + 1) * MIB, Content::Any);
        // Some are used again.
        EXPECT_GT(mapped(), before + (size_t{100} << 20));
    }
    EXPECT_LE(mapped(), before + (size_t{36} << 20));
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
