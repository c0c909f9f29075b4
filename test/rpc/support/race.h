// What race tests share.
#ifndef MP_TEST_RPC_SUPPORT_RACE_H
#define MP_TEST_RPC_SUPPORT_RACE_H

namespace mp::test {

//! How often one test runs its race. More: --gtest_repeat.
constexpr int REPEATS = 10;

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_RACE_H
