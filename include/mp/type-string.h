#ifndef MP_TYPE_STRING_H
#define MP_TYPE_STRING_H

#include <cstring>
#include <mp/proxy-convert.h>
#include <string>
#include <string_view>

// std::string as Text, and std::string_view. Both may contain NULs.
namespace mp {

template <typename Value, typename Output>
void CustomBuildField(TypeList<std::string>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    auto text = output.init(FieldSize(value.size()));
    if (!value.empty()) std::memcpy(text.begin(), value.data(), value.size());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::string>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    const auto text = input.get();
    return read_dest.construct(CharCast(text.begin()), text.size());
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<std::string_view>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    const std::string_view view = value;
    auto text = output.init(FieldSize(view.size()));
    if (!view.empty()) std::memcpy(text.begin(), view.data(), view.size());
}

//! A view of the message, which lives until the method has returned.
template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::string_view>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    const auto text = input.get();
    return read_dest.construct(CharCast(text.begin()), text.size());
}

} // namespace mp

#endif // MP_TYPE_STRING_H
