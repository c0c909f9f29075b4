#ifndef MP_TYPE_OPTIONAL_H
#define MP_TYPE_OPTIONAL_H

#include <mp/proxy-convert.h>
#include <optional>

// std::optional<T> as T: absent if a companion hasX says so, or else if the pointer is null.
namespace mp {
namespace detail {

//! Outputs that show an absent value: all but elements of lists whose elements are always there.
template <typename Output>
inline constexpr bool ShowsAbsence = true;
template <typename List>
inline constexpr bool ShowsAbsence<ListOutput<List>> = HasNullElements<List>;

//! Elements of lists have no companions: absent are null pointers.
template <typename Input>
bool IsAbsentElement(const Input& input)
{
    if constexpr (requires { input.isNull(); }) {
        static_assert(Input::can_be_null,
                      "std::optional elements need a list of Text, Data, lists or interfaces: others are always there");
        return input.isNull();
    } else {
        return false;
    }
}

} // namespace detail

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<std::optional<LocalType>>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    static_assert(detail::ShowsAbsence<RemoveCvRef<Output>>,
                  "std::optional elements need a list of Text, Data, lists or interfaces: others are always there");
    if (!value) return;
    detail::SetHas(output);
    BuildField(TypeList<LocalType>(), invoke_context, std::forward<Output>(output), *std::forward<Value>(value));
}

template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::optional<LocalType>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) {
        if (!CustomHasField(TypeList<LocalType>(), invoke_context, input) || detail::IsAbsentElement(input)) {
            value.reset();
        } else if (value) {
            ReadField(TypeList<LocalType>(), invoke_context, input, ReadDestUpdate(*value));
        } else {
            ReadField(TypeList<LocalType>(), invoke_context, input,
                      ReadDestEmplace(
                          TypeList<LocalType>(), [&](auto&&... args) -> auto& {
                              return detail::EmplaceIn(value, std::forward<decltype(args)>(args)...);
                          }));
        }
    });
}

} // namespace mp

#endif // MP_TYPE_OPTIONAL_H
