#ifndef MP_TYPE_NUMBER_H
#define MP_TYPE_NUMBER_H

#include <concepts>
#include <limits>
#include <mp/proxy-convert.h>
#include <stdexcept>
#include <vector>

// Integers, bool, enums, float and double.
namespace mp {
namespace detail {

template <typename T>
concept Integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

//! Whether T can hold the value; compared as numbers, whatever the signs of the types.
template <typename T, typename V>
constexpr bool Holds(V value)
{
    if constexpr (std::is_signed_v<V>) {
        if (value < 0) {
            return std::is_signed_v<T> &&
                   static_cast<long long>(value) >= static_cast<long long>(std::numeric_limits<T>::lowest());
        }
    }
    return static_cast<unsigned long long>(value) <= static_cast<unsigned long long>(std::numeric_limits<T>::max());
}

//! Whether T can hold all values of V.
template <typename T, typename V>
inline constexpr bool HoldsAll = Holds<T>(std::numeric_limits<V>::lowest()) && Holds<T>(std::numeric_limits<V>::max());

//! Bits that an enum or an integer is stored in; none for other types.
template <typename T>
constexpr size_t Width()
{
    if constexpr (std::is_enum_v<T>) {
        return Width<std::underlying_type_t<T>>();
    } else if constexpr (std::is_same_v<T, bool>) {
        return 1;
    } else {
        return std::is_integral_v<T> ? 8 * sizeof(T) : 0;
    }
}

} // namespace detail

// Of any context, so that overloads of applications for types of theirs are closer, whatever they take as context.

template <typename InvokeCtx, typename LocalType, typename WireType>
WireType BuildPrimitive(InvokeCtx&, LocalType value, TypeList<WireType>) requires std::is_enum_v<LocalType>
{
    static_assert(detail::Width<WireType>() >= detail::Width<LocalType>(),
                  "mismatched integral/enum types: the capnp field is narrower than the C++ enum");
    return static_cast<WireType>(value);
}

template <typename InvokeCtx, detail::Integer LocalType, typename WireType>
WireType BuildPrimitive(InvokeCtx&, LocalType value, TypeList<WireType>)
{
    if constexpr (detail::Integer<WireType>) {
        static_assert(detail::HoldsAll<WireType, LocalType>,
                      "mismatched integral types: the capnp field can't hold every value of the C++ type");
    } else {
        static_assert(detail::Integer<WireType>, "mismatched integral types: the capnp field is no integer");
    }
    return static_cast<WireType>(value);
}

template <typename InvokeCtx, typename LocalType, typename WireType>
WireType BuildPrimitive(InvokeCtx&, LocalType value, TypeList<WireType>) requires std::is_same_v<LocalType, bool>
{
    static_assert(std::is_same_v<WireType, bool>,
                  "capnp field type should be Bool for bool parameters. Fix the .capnp schema.");
    return value;
}

//! Where elements of vector<bool> are objects of their own.
template <typename InvokeCtx, typename LocalType, typename WireType>
WireType BuildPrimitive(InvokeCtx&, LocalType value, TypeList<WireType>) requires(
    (std::is_same_v<LocalType, std::vector<bool>::reference> ||
     std::is_same_v<LocalType, std::vector<bool>::const_reference>)&&!std::is_same_v<LocalType, bool>)
{
    static_assert(std::is_same_v<WireType, bool>,
                  "capnp field type should be Bool for bool parameters. Fix the .capnp schema.");
    return value;
}

template <typename InvokeCtx, std::floating_point LocalType, typename WireType>
WireType BuildPrimitive(InvokeCtx&, LocalType value, TypeList<WireType>)
{
    static_assert(std::is_same_v<LocalType, WireType>,
                  "mismatched floating point types: float needs Float32, double Float64");
    return value;
}

template <detail::Integer LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest) requires std::is_integral_v<RemoveCvRef<decltype(input.get())>>
{
    const auto value = input.get();
    if (!detail::Holds<LocalType>(value)) throw std::range_error("out of bound int received");
    return read_dest.construct(static_cast<LocalType>(value));
}

template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest) requires std::is_same_v<LocalType, bool>
{
    return read_dest.construct(static_cast<bool>(input.get()));
}

template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest) requires std::is_enum_v<LocalType>
{
    return read_dest.construct(static_cast<LocalType>(input.get()));
}

template <std::floating_point LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    static_assert(std::is_same_v<LocalType, RemoveCvRef<decltype(input.get())>>,
                  "mismatched floating point types: float needs Float32, double Float64");
    return read_dest.construct(input.get());
}

} // namespace mp

#endif // MP_TYPE_NUMBER_H
