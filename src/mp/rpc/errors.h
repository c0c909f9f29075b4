#ifndef MP_RPC_ERRORS_H
#define MP_RPC_ERRORS_H

#include <exception>
#include <kj/common.h>
#include <kj/exception.h>
#include <mp/c/error.h>
#include <string>

namespace mp {

//! Text of the exception that is being handled, for the log.
std::string CurrentExceptionText() noexcept;

//! What the process layer reports as std::system_error. The exception's text ends with the system's own, so the message's
//! goes.
[[noreturn]] void ThrowSystemError(const mp_error& error);

//! An exception on its way from the thread that caught it to the one that reports it.
class CaughtException
{
public:
    //! Keep the exception that is being handled.
    void capture();
    explicit operator bool() const { return m_kj != nullptr || m_other; }
    //! Throw it, on any thread.
    [[noreturn]] void rethrow() const;

private:
    //! KJ's own are copied: those that it threw abort the process when another thread destroys them.
    kj::Maybe<kj::Exception> m_kj;
    std::exception_ptr m_other;
};

} // namespace mp

#endif // MP_RPC_ERRORS_H
