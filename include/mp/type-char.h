#ifndef MP_TYPE_CHAR_H
#define MP_TYPE_CHAR_H

#include <mp/proxy-bytes.h>
#include <mp/proxy-convert.h>

// unsigned char[N] as Data of exactly that size.
namespace mp {

template <typename Value, typename Output>
void CustomBuildField(TypeList<const unsigned char*>, Priority<3>, InvokeContext&, Value&& value,
                      Output&& output) requires std::is_array_v<std::remove_reference_t<Value>>
{
    detail::BuildBytes(output, value, sizeof(value));
}

//! Members of a struct that isn't const.
template <typename Value, typename Output>
void CustomBuildField(TypeList<unsigned char*>, Priority<3>, InvokeContext&, Value&& value,
                      Output&& output) requires std::is_array_v<std::remove_reference_t<Value>>
{
    detail::BuildBytes(output, value, sizeof(value));
}

template <size_t size, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<unsigned char[size]>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) { detail::ReadFixedBytes(input, value, size); });
}

} // namespace mp

#endif // MP_TYPE_CHAR_H
