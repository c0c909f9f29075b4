#include <atomic>
#include <gtest/gtest.h>
#include <mp/cancel.h>
#include <optional>
#include <rpc/support/gate.h>
#include <thread>

namespace mp::test {
namespace {

using namespace std::chrono_literals;

TEST(CancelToken, IsSharedByItsCopies)
{
    CancelToken token;
    const CancelToken copy = token;
    EXPECT_FALSE(copy.cancelled());
    EXPECT_FALSE(copy.waitCancelled(0s));
    EXPECT_FALSE(copy.waitCancelled(1ms));
    token.cancel();
    token.cancel();
    EXPECT_TRUE(copy.cancelled());
    EXPECT_TRUE(copy.waitCancelled(std::chrono::nanoseconds::max()));
    EXPECT_FALSE(CancelToken().cancelled());
}

TEST(CancelToken, WakesWhoWaits)
{
    CancelToken token;
    std::thread waiting([&] { EXPECT_TRUE(token.waitCancelled(std::chrono::nanoseconds::max())); });
    token.cancel();
    waiting.join();
}

TEST(CancelCallback, IsCalledOnce)
{
    CancelToken token;
    int first = 0;
    int dropped = 0;
    int later = 0;
    const CancelCallback callback(token, [&] {
        ++first;
        throw 1; // nobody is there to catch it
    });
    std::optional<CancelCallback> other(std::in_place, token, [&] { ++dropped; });
    other.reset();
    EXPECT_EQ(first, 0);
    token.cancel();
    token.cancel();
    EXPECT_EQ(first, 1);
    EXPECT_EQ(dropped, 0);
    const CancelCallback late(token, [&] { ++later; });
    EXPECT_EQ(later, 1);
}

TEST(CancelCallback, MayDestroyItselfAndOthers)
{
    auto token = std::make_optional<CancelToken>();
    std::optional<CancelCallback> first;
    std::optional<CancelCallback> second;
    int called = 0;
    auto fn = [&] {
        ++called;
        first.reset();
        second.reset();
        token.reset();
    };
    first.emplace(*token, fn);
    second.emplace(*token, fn);
    token->cancel();
    EXPECT_EQ(called, 1);
}

// What a callback uses may go with it.
TEST(CancelCallback, IsWaitedForWhileItRuns)
{
    CancelToken token;
    Gate gate;
    std::atomic<bool> returned{false};
    std::optional<CancelCallback> callback(std::in_place, token, [&] {
        gate.pass();
        returned = true;
    });
    std::thread cancelling([&] { token.cancel(); });
    ASSERT_TRUE(gate.waitReached());
    std::thread opening([&] { gate.open(); });
    callback.reset();
    EXPECT_TRUE(returned);
    cancelling.join();
    opening.join();
}

} // namespace
} // namespace mp::test
