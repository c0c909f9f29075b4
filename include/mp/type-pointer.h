#ifndef MP_TYPE_POINTER_H
#define MP_TYPE_POINTER_H

#include <memory>
#include <mp/proxy-convert.h>

// Pointers to data, as what they point to; null leaves the field unset. T* is for parameters; shared_ptr<T> and
// shared_ptr<const T> also for members, elements and results. (Of objects: see type-interface.h.)
namespace mp {
namespace detail {

//! Also for classes without constructors, where the compiler doesn't initialize them in parentheses.
template <typename T, typename... Args>
std::shared_ptr<T> MakeShared(Args&&... args)
{
    if constexpr (std::is_constructible_v<T, Args...>) {
        return std::make_shared<T>(std::forward<Args>(args)...);
    } else {
        return std::make_shared<T>(T{std::forward<Args>(args)...});
    }
}

} // namespace detail

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType*>, Priority<3>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires std::is_pointer_v<std::remove_reference_t<Value>>
{
    if (value == nullptr) return;
    detail::SetHas(output);
    BuildField(TypeList<LocalType>(), invoke_context, std::forward<Output>(output), *value);
}

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<std::shared_ptr<LocalType>>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    if (!value) return;
    detail::SetHas(output);
    BuildField(TypeList<LocalType>(), invoke_context, std::forward<Output>(output), *value);
}

//! Reads into what the pointer points to; a null pointer is left alone.
template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType*>, Priority<1>, InvokeContext& invoke_context, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) {
        if (value == nullptr) return;
        ReadField(TypeList<LocalType>(), invoke_context, std::forward<Input>(input), ReadDestUpdate(*value));
    });
}

//! Reads into the object if there is one.
template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::shared_ptr<LocalType>>, Priority<0>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) {
        if (!CustomHasField(TypeList<LocalType>(), invoke_context, input)) {
            value.reset();
        } else if (value) {
            ReadField(TypeList<LocalType>(), invoke_context, input, ReadDestUpdate(*value));
        } else {
            ReadField(TypeList<LocalType>(), invoke_context, input,
                      ReadDestEmplace(
                          TypeList<LocalType>(), [&](auto&&... args) -> auto& {
                              value = detail::MakeShared<LocalType>(std::forward<decltype(args)>(args)...);
                              return *value;
                          }));
        }
    });
}

//! Others may share the object, so it is always a new one.
template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::shared_ptr<const LocalType>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) {
        value.reset();
        if (!CustomHasField(TypeList<LocalType>(), invoke_context, input)) return;
        ReadField(TypeList<LocalType>(), invoke_context, input,
                  ReadDestEmplace(TypeList<LocalType>(), [&](auto&&... args) -> const LocalType& {
                      value = detail::MakeShared<LocalType>(std::forward<decltype(args)>(args)...);
                      return *value;
                  }));
    });
}

} // namespace mp

#endif // MP_TYPE_POINTER_H
