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

} // namespace mp
