#ifndef MP_TYPE_STRING_H
#define MP_TYPE_STRING_H

#include <mp/proxy-bytes.h>
#include <mp/proxy-convert.h>
#include <string>
#include <string_view>

// std::string as Text, and std::string_view. Both may contain NULs. Each has its own overloads: one for both would be
// no better than those of applications for families of types.
namespace mp {
namespace detail {

template <typename Input, typename ReadDest>
decltype(auto) ReadText(Input&& input, ReadDest&& read_dest)
{
    const auto text = input.get();
    return read_dest.construct(CharCast(text.begin()), text.size());
}

} // namespace detail

template <typename Value, typename Output>
void CustomBuildField(TypeList<std::string>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    detail::BuildBytes(output, value.data(), value.size());
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<std::string_view>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    const std::string_view view = value;
    detail::BuildBytes(output, view.data(), view.size());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::string>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    return detail::ReadText(input, read_dest);
}

//! A view of the message, which lives until the method has returned.
template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::string_view>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return detail::ReadText(input, read_dest);
}

} // namespace mp

#endif // MP_TYPE_STRING_H
