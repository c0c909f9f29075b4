#include <gtest/gtest.h>
#include <mp/rpc/call-table.h>
#include <random>
#include <set>

namespace mp::test {
namespace {

TEST(CallTable, CountsACallUntilItIsAnsweredAndFinished)
{
    CallTable table;
    for (const uint32_t question : {0u, 7u, 4095u, 4096u, 0xffffffffu}) {
        table.call(question);
        EXPECT_EQ(table.size(), 1u);
        table.answer(question);
        EXPECT_EQ(table.size(), 1u);
        table.finish(question);
        EXPECT_EQ(table.size(), 0u);
        // The number is free again.
        table.call(question);
        table.finish(question);
        EXPECT_EQ(table.size(), 1u);
        table.answer(question);
        EXPECT_EQ(table.size(), 0u);
    }
}

TEST(CallTable, IgnoresWhatBreaksTheRules)
{
    CallTable table;
    for (const uint32_t question : {3u, 1u << 20}) {
        table.answer(question);
        table.finish(question);
        EXPECT_EQ(table.size(), 0u);
        table.call(question);
        table.call(question);
        EXPECT_EQ(table.size(), 1u);
        table.finish(question);
        table.finish(question);
        EXPECT_EQ(table.size(), 1u);
        table.answer(question);
        table.answer(question);
        EXPECT_EQ(table.size(), 0u);
    }
}

TEST(CallTable, CountsLikeASet)
{
    CallTable table;
    std::set<uint32_t> unanswered;
    std::set<uint32_t> unfinished;
    std::mt19937 random(1);
    for (int i = 0; i < 100'000; ++i) {
        // Both sides of what is stored densely.
        const uint32_t question = 4000 + random() % 200;
        const bool open = unanswered.count(question) || unfinished.count(question);
        switch (random() % 3) {
        case 0:
            table.call(question);
            if (!open) {
                unanswered.insert(question);
                unfinished.insert(question);
            }
            break;
        case 1:
            table.answer(question);
            unanswered.erase(question);
            break;
        default:
            table.finish(question);
            unfinished.erase(question);
        }
        std::set<uint32_t> all = unanswered;
        all.insert(unfinished.begin(), unfinished.end());
        ASSERT_EQ(table.size(), all.size()) << i;
        ASSERT_EQ(table.unanswered(), unanswered.size()) << i;
    }
}

} // namespace
} // namespace mp::test
