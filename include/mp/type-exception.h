#ifndef MP_TYPE_EXCEPTION_H
#define MP_TYPE_EXCEPTION_H

#include <cstring>
#include <exception>
#include <mp/proxy-bytes.h>
#include <mp/proxy-convert.h>

// std::exception as Text: its what(). ThrowField turns it into a std::runtime_error.
namespace mp {

template <typename Value, typename Output>
void CustomBuildField(TypeList<std::exception>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    const char* what = value.what();
    detail::BuildBytes(output, what, std::strlen(what));
}

} // namespace mp

#endif // MP_TYPE_EXCEPTION_H
