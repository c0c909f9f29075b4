#ifndef MP_RPC_ERRORS_H
#define MP_RPC_ERRORS_H

#include <kj/exception.h>
#include <string>

namespace mp {

//! Text of the exception that is being handled, for the log.
std::string CurrentExceptionText() noexcept;

} // namespace mp

#endif // MP_RPC_ERRORS_H
