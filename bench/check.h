// System calls that must succeed.
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include <cerrno>
#include <system_error>

namespace bench {

[[noreturn]] inline void ThrowErrno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

//! The result of a call that reports failure by -1 and errno; throws std::system_error then.
template <typename Result>
Result Check(Result result, const char* what)
{
    if (result == -1) ThrowErrno(what);
    return result;
}

} // namespace bench

#endif // BENCH_CHECK_H
