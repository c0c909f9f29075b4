#include <gtest/gtest.h>

#include <mp/proxy-field.h>

namespace mp::test {
namespace {

TEST(FieldSize, RefusesWhatNoMessageHolds)
{
    EXPECT_EQ(FieldSize(0), 0u);
    EXPECT_EQ(FieldSize((1u << 29) - 1), (1u << 29) - 1);
    EXPECT_THROW(FieldSize(1u << 29), std::length_error);
    // Its lower half is small.
    EXPECT_THROW(FieldSize((size_t{1} << 32) + 5), std::length_error);
}

} // namespace
} // namespace mp::test
