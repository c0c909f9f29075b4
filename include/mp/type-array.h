#ifndef MP_TYPE_ARRAY_H
#define MP_TYPE_ARRAY_H

#include <array>
#include <cstddef>
#include <mp/proxy-bytes.h>
#include <mp/proxy-convert.h>
#include <stdexcept>

// std::array<T, N> as List(T) of N elements; of bytes, also as Data of N bytes.
namespace mp {
namespace detail {

template <typename T>
concept Byte = std::is_same_v<T, std::byte> || std::is_same_v<T, char> || std::is_same_v<T, unsigned char> ||
               std::is_same_v<T, signed char>;

} // namespace detail

template <typename LocalType, size_t size, typename Value, typename Output>
void CustomBuildField(TypeList<std::array<LocalType, size>>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    BuildList(TypeList<LocalType>(), invoke_context, output, std::forward<Value>(value));
}

template <detail::Byte LocalType, size_t size, typename Value, typename Output>
void CustomBuildField(TypeList<std::array<LocalType, size>>, Priority<2>, InvokeContext&, Value&& value,
                      Output&& output) requires detail::GetsAs<Output, ::capnp::Data::Builder>
{
    detail::BuildBytes(output, value.data(), size);
}

//! @throws std::range_error for a list of another size
template <typename LocalType, size_t size, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::array<LocalType, size>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) {
        const auto list = input.get();
        if (list.size() != size) throw std::range_error("unexpected list size");
        for (unsigned i = 0; i < list.size(); ++i) {
            detail::ReadElement(TypeList<LocalType>(), invoke_context, list, i, ReadDestUpdate(value[i]));
        }
    });
}

//! @throws std::range_error for data of another size
template <detail::Byte LocalType, size_t size, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::array<LocalType, size>>, Priority<2>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest) requires detail::GetsAs<Input, ::capnp::Data::Reader>
{
    return read_dest.update([&](auto& value) { detail::ReadFixedBytes(input, value.data(), size); });
}

} // namespace mp

#endif // MP_TYPE_ARRAY_H
