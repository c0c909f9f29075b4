#ifndef MP_TYPE_PAIR_H
#define MP_TYPE_PAIR_H

#include <mp/proxy-convert.h>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>

// std::pair as a struct: its first two fields that are not skipped.
namespace mp {
namespace detail {

//! Read a value that is new; it needs no default constructor, if its reader doesn't.
template <typename LocalType, typename Input>
LocalType ReadNew(InvokeContext& invoke_context, Input&& input)
{
    std::optional<LocalType> value;
    ReadField(TypeList<LocalType>(), invoke_context, input,
              ReadDestEmplace(TypeList<LocalType>(), [&](auto&&... args) -> LocalType& {
                  return EmplaceIn(value, std::forward<decltype(args)>(args)...);
              }));
    if constexpr (std::is_default_constructible_v<LocalType>) {
        if (!value) value.emplace();
    } else {
        if (!value) throw std::runtime_error("field has no value");
    }
    return std::move(*value);
}

} // namespace detail

template <typename KeyLocalType, typename ValueLocalType, typename Value, typename Output>
void CustomBuildField(TypeList<std::pair<KeyLocalType, ValueLocalType>>, Priority<1>, InvokeContext& invoke_context,
                      Value&& value, Output&& output)
{
    auto builder = output.init();
    BuildField(TypeList<KeyLocalType>(), invoke_context, detail::FieldOf<0>(builder), std::forward<Value>(value).first);
    BuildField(TypeList<ValueLocalType>(), invoke_context, detail::FieldOf<1>(builder),
               std::forward<Value>(value).second);
}

//! Neither half needs a default constructor or an assignment operator.
template <typename KeyLocalType, typename ValueLocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::pair<KeyLocalType, ValueLocalType>>, Priority<1>,
                               InvokeContext& invoke_context, Input&& input, ReadDest&& read_dest)
{
    const auto reader = input.get();
    auto key = detail::ReadNew<KeyLocalType>(invoke_context, detail::FieldOf<0>(reader));
    auto value = detail::ReadNew<ValueLocalType>(invoke_context, detail::FieldOf<1>(reader));
    return read_dest.construct(std::piecewise_construct, std::forward_as_tuple(std::move(key)),
                               std::forward_as_tuple(std::move(value)));
}

} // namespace mp

#endif // MP_TYPE_PAIR_H
