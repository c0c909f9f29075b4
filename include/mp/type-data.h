#ifndef MP_TYPE_DATA_H
#define MP_TYPE_DATA_H

#include <cstddef>
#include <mp/proxy-bytes.h>
#include <mp/proxy-convert.h>
#include <span>

// Containers of bytes as Data: what converts to a span of bytes, and is made from two pointers to bytes.
namespace mp {
namespace detail {

template <typename T, typename Byte>
concept BytesOf =
    std::is_convertible_v<T, std::span<const Byte>> && std::is_constructible_v<T, const Byte*, const Byte*>;

template <typename T>
struct ByteType
{
};
template <typename T>
    requires BytesOf<T, std::byte>
struct ByteType<T>
{
    using Type = std::byte;
};
template <typename T>
    requires(BytesOf<T, char> && !BytesOf<T, std::byte>)
struct ByteType<T>
{
    using Type = char;
};
template <typename T>
    requires(BytesOf<T, unsigned char> && !BytesOf<T, std::byte> && !BytesOf<T, char>)
struct ByteType<T>
{
    using Type = unsigned char;
};
template <typename T>
    requires(BytesOf<T, signed char> && !BytesOf<T, std::byte> && !BytesOf<T, char> && !BytesOf<T, unsigned char>)
struct ByteType<T>
{
    using Type = signed char;
};

template <typename T>
concept Bytes = requires
{
    typename ByteType<T>::Type;
};

} // namespace detail

// The field is looked at first: whether a type is of bytes takes the compiler longest of all mappings.

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType>, Priority<2>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires detail::GetsAs<Output, ::capnp::Data::Builder> &&
    detail::Bytes<LocalType>
{
    const std::span<const typename detail::ByteType<LocalType>::Type> bytes = value;
    if (detail::LendBytes(invoke_context, output, value, bytes.data(), bytes.size())) return;
    detail::BuildBytes(output, bytes.data(), bytes.size());
}

template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<2>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest) requires detail::GetsAs<Input, ::capnp::Data::Reader> &&
    detail::Bytes<LocalType>
{
    using Byte = typename detail::ByteType<LocalType>::Type;
    const auto data = input.get();
    const auto* begin = reinterpret_cast<const Byte*>(data.begin());
    return read_dest.construct(begin, begin + data.size());
}

} // namespace mp

#endif // MP_TYPE_DATA_H
