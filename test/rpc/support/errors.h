// How calls fail.
#ifndef MP_TEST_RPC_SUPPORT_ERRORS_H
#define MP_TEST_RPC_SUPPORT_ERRORS_H

#include <exception>
#include <string>

namespace mp::test {

inline const std::string AFTER = "IPC client method called after disconnect.";
inline const std::string INTERRUPTED = "IPC client method call interrupted by disconnect.";

//! Text of what a call threw: what the log function throws for a failed one, say.
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

//! A call that meets a disconnect may succeed, or fail because of it, and in no other way.
inline bool SucceededOrDisconnected(const std::string& error)
{
    return error == "no exception" || error == INTERRUPTED || error == AFTER;
}

} // namespace mp::test

#endif // MP_TEST_RPC_SUPPORT_ERRORS_H
