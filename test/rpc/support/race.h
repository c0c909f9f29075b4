// What race tests share.
#ifndef MP_TEST_RPC_SUPPORT_RACE_H
#define MP_TEST_RPC_SUPPORT_RACE_H

#include <exception>
#include <string>

namespace mp::test {

//! How often one test runs its race. More: --gtest_repeat.
constexpr int REPEATS = 10;

inline const std::string AFTER = "IPC client method called after disconnect.";
inline const std::string INTERRUPTED = "IPC client method call interrupted by disconnect.";

//! What the log function threw for a failed call.
template <typename Fn>
std::string ErrorOf(Fn&& fn)
{
    try {
        fn();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "no exception";
}

//! A call may succeed, or fail because of a disconnect, and in no other way.
inline bool SucceededOrDisconnected(const std::string& error)
{
    return error == "no exception" || error == INTERRUPTED || error == AFTER;
}

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_RACE_H
