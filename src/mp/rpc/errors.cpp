#include "errors.h"

#include <exception>
#include <kj/string.h>

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
