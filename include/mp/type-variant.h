#ifndef MP_TYPE_VARIANT_H
#define MP_TYPE_VARIANT_H

#include <mp/proxy-convert.h>
#include <mp/type-void.h>
#include <stdexcept>
#include <variant>

// std::variant as a struct that is one union: alternative number i is its member number i, in the order of their
// ordinals. std::monostate is Void.
namespace mp {
namespace detail {

//! Call fn with the integral constant of an index.
template <size_t count, typename Fn>
void WithIndex(size_t index, const Fn& fn)
{
    [&]<size_t... i>(std::index_sequence<i...>)
    {
        ((index == i ? fn(std::integral_constant<size_t, i>()) : void()), ...);
    }
    (std::make_index_sequence<count>());
}

//! Set a union's member to its default, also one that nothing was built into: a null pointer.
void ClearMember(::capnp::StructSchema schema, ::capnp::AnyStruct::Builder builder, size_t index);

} // namespace detail

template <typename Value, typename Output>
void CustomBuildField(TypeList<std::monostate>, Priority<1>, InvokeContext&, Value&&, Output&& output)
{
    output.set(::capnp::Void());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::monostate>, Priority<1>, InvokeContext&, Input&&, ReadDest&& read_dest)
{
    return read_dest.construct();
}

//! @throws std::bad_variant_access for a variant without a value
template <typename... LocalTypes, typename Value, typename Output>
void CustomBuildField(TypeList<std::variant<LocalTypes...>>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    auto builder = output.init();
    using Struct = typename detail::MessageStruct<decltype(builder)>::Type;
    static_assert(ProxyStruct<Struct>::fields == sizeof...(LocalTypes),
                  "a std::variant needs a struct with one union, which has a member for each alternative");
    if (value.valueless_by_exception()) throw std::bad_variant_access();
    detail::WithIndex<sizeof...(LocalTypes)>(value.index(), [&](auto index) {
        using LocalType = std::variant_alternative_t<index, std::variant<LocalTypes...>>;
        BuildField(TypeList<LocalType>(), invoke_context, detail::FieldOf<index>(builder),
                   std::get<index>(std::forward<Value>(value)));
        if (static_cast<size_t>(builder.which()) != index) {
            detail::ClearMember(::capnp::Schema::from<Struct>(), ::capnp::toAny(builder), index);
        }
    });
}

//! @throws std::range_error for a member that a later version of the schema has added
template <typename... LocalTypes, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::variant<LocalTypes...>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) {
        const auto reader = input.get();
        const auto which = static_cast<size_t>(reader.which());
        if (which >= sizeof...(LocalTypes)) throw std::range_error("unknown union member received");
        detail::WithIndex<sizeof...(LocalTypes)>(which, [&](auto index) {
            using LocalType = std::variant_alternative_t<index, std::variant<LocalTypes...>>;
            ReadField(TypeList<LocalType>(), invoke_context, detail::FieldOf<index>(reader),
                      ReadDestEmplace(TypeList<LocalType>(), [&](auto&&... args) -> auto& {
                          return value.template emplace<index>(std::forward<decltype(args)>(args)...);
                      }));
        });
    });
}

} // namespace mp

#endif // MP_TYPE_VARIANT_H
