#ifndef MP_TEST_TYPES_CONVERT_TYPES_H
#define MP_TEST_TYPES_CONVERT_TYPES_H

#include <mp/type-array.h>
#include <mp/type-char.h>
#include <mp/type-chrono.h>
#include <mp/type-data.h>
#include <mp/type-exception.h>
#include <mp/type-map.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-pair.h>
#include <mp/type-pointer.h>
#include <mp/type-set.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-tuple.h>
#include <mp/type-unordered-set.h>
#include <mp/type-variant.h>
#include <mp/type-vector.h>
#include <mp/type-void.h>

namespace mp {

template <>
struct ProxyType<types::Noted>
{
    using Struct = types::messages::NumberText;
    static decltype(auto) get(std::integral_constant<size_t, 0>) { return &types::Noted::number; }
    static decltype(auto) get(std::integral_constant<size_t, 1>) { return &types::Noted::text; }
    static constexpr size_t fields = 2;
};

template <typename Value, typename Output>
void CustomBuildField(TypeList<types::Fixed>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    output.set(value.number());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<types::Fixed>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    return read_dest.construct(static_cast<int32_t>(input.get()));
}

//! Sets with hashes of any kind: for those with the standard one, the library's conversion is closer.
template <typename T, typename Hash, typename Value, typename Output>
void CustomBuildField(TypeList<std::unordered_set<T, Hash>>, Priority<1>, InvokeContext& context, Value&& value,
                      Output&& output)
{
    BuildList(TypeList<T>(), context, output, std::forward<Value>(value));
}

template <typename T, typename Hash, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::unordered_set<T, Hash>>, Priority<1>, InvokeContext& context,
                               Input&& input, ReadDest&& read_dest)
{
    return ReadList(
        TypeList<T>(), context, input, read_dest, [](auto& value, size_t) { value = {T{-1}}; },
        [](auto& value, auto&&... args) -> auto& {
            return *value.emplace(std::forward<decltype(args)>(args)...).first;
        });
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<types::Tracked>, Priority<1>, InvokeContext&, Value&&, Output&& output)
{
    std::string how = std::is_const_v<std::remove_reference_t<Value>> ? "const " : "";
    how += std::is_lvalue_reference_v<Value> ? "lvalue" : "rvalue";
    output.set(how.c_str());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<types::Tracked>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) { value.arrived = input.get().cStr(); });
}

} // namespace mp

#endif // MP_TEST_TYPES_CONVERT_TYPES_H
