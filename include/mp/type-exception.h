#ifndef MP_TYPE_EXCEPTION_H
#define MP_TYPE_EXCEPTION_H

#include <cstring>
#include <exception>
#include <mp/proxy-convert.h>

// std::exception as Text: its what(). ThrowField turns it into a std::runtime_error.
namespace mp {

template <typename Value, typename Output>
void CustomBuildField(TypeList<std::exception>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    const char* what = value.what();
    const size_t size = std::strlen(what);
    auto text = output.init(FieldSize(size));
    if (size > 0) std::memcpy(text.begin(), what, size);
}

} // namespace mp

#endif // MP_TYPE_EXCEPTION_H
