#include "errors.h"

#include <exception>
#include <kj/string.h>
#include <system_error>

namespace mp {

std::string CurrentExceptionText() noexcept
{
    try {
        throw;
    } catch (const kj::Exception& e) {
        return kj::str(e).cStr();
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "unknown exception";
    }
}

void ThrowSystemError(const mp_error& error)
{
    const std::error_code code(error.system_code ? error.system_code : -error.status, std::system_category());
    std::string message = error.message;
    const std::string suffix = ": " + code.message();
    if (message.ends_with(suffix)) message.resize(message.size() - suffix.size());
    throw std::system_error(code, message);
}

void CaughtException::capture()
{
    try {
        throw;
    } catch (const kj::Exception& e) {
        m_kj = kj::cp(e);
    } catch (...) {
        m_other = std::current_exception();
    }
}

void CaughtException::rethrow() const
{
    KJ_IF_MAYBE (e, m_kj) {
        kj::throwFatalException(kj::cp(*e));
    }
    std::rethrow_exception(m_other);
}

} // namespace mp
