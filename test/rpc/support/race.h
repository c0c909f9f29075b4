// What race tests share.
#ifndef MP_TEST_RPC_SUPPORT_RACE_H
#define MP_TEST_RPC_SUPPORT_RACE_H

#include <chrono>

namespace mp::test {

//! How often one test runs its race. More: --gtest_repeat.
constexpr int REPEATS = 10;

//! For a while that is shorter than any sleep.
inline void StayBusy(std::chrono::nanoseconds time)
{
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {}
}

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_RACE_H
