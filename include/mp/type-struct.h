#ifndef MP_TYPE_STRUCT_H
#define MP_TYPE_STRUCT_H

#include <mp/proxy-convert.h>
#include <tuple>

// Classes that a schema's struct wraps, member by member.
namespace mp {
namespace detail {

template <typename LocalType>
concept WrappedStruct = requires
{
    typename ProxyType<LocalType>::Struct;
};

template <typename LocalType>
using StructAccessors = typename ProxyStruct<typename ProxyType<LocalType>::Struct>::Accessors;

template <size_t index, typename LocalType, typename Builder, typename Value>
void BuildMember(InvokeContext& invoke_context, Builder& builder, Value&& value)
{
    // Not constexpr: applications write get() too.
    const auto member = ProxyType<LocalType>::get(std::integral_constant<size_t, index>());
    BuildField(TypeList<Decay<decltype((value.*member))>>(), invoke_context,
               Make<StructField, std::tuple_element_t<index, StructAccessors<LocalType>>>(builder),
               std::forward<Value>(value).*member);
}

template <size_t index, typename LocalType, typename Reader, typename Value>
void ReadMember(InvokeContext& invoke_context, Reader& reader, Value& value)
{
    // Not constexpr: applications write get() too.
    const auto member = ProxyType<LocalType>::get(std::integral_constant<size_t, index>());
    ReadField(TypeList<RemoveCvRef<decltype((value.*member))>>(), invoke_context,
              Make<StructField, std::tuple_element_t<index, StructAccessors<LocalType>>>(reader),
              ReadDestUpdate(value.*member));
}

} // namespace detail

//! Build the fields of a struct from number index on.
template <size_t index, typename LocalType, typename Value, typename Output>
void BuildOne(TypeList<LocalType>, [[maybe_unused]] InvokeContext& invoke_context, [[maybe_unused]] Output&& builder,
              [[maybe_unused]] Value&& value)
{
    [&]<size_t... i>(std::index_sequence<i...>)
    {
        (detail::BuildMember<index + i, LocalType>(invoke_context, builder, std::forward<Value>(value)), ...);
    }
    (std::make_index_sequence<ProxyType<LocalType>::fields - index>());
}

template <detail::WrappedStruct LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType>, Priority<1>, InvokeContext& invoke_context, Value&& value, Output&& output)
{
    auto builder = output.init();
    BuildOne<0>(TypeList<LocalType>(), invoke_context, builder, std::forward<Value>(value));
}

template <detail::WrappedStruct LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<1>, [[maybe_unused]] InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest)
{
    return read_dest.update([&]([[maybe_unused]] auto& value) {
        [[maybe_unused]] const auto reader = input.get();
        [&]<size_t... i>(std::index_sequence<i...>)
        {
            (detail::ReadMember<i, LocalType>(invoke_context, reader, value), ...);
        }
        (std::make_index_sequence<ProxyType<LocalType>::fields>());
    });
}

} // namespace mp

#endif // MP_TYPE_STRUCT_H
