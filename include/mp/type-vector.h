#ifndef MP_TYPE_VECTOR_H
#define MP_TYPE_VECTOR_H

#include <mp/proxy-convert.h>
#include <mp/type-number.h>
#include <vector>

// std::vector<T> as List(T).
namespace mp {

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<std::vector<LocalType>>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    BuildList(TypeList<LocalType>(), invoke_context, output, std::forward<Value>(value));
}

//! Elements are no objects: each is set as a bool.
template <typename Value, typename Output>
void CustomBuildField(TypeList<std::vector<bool>>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    auto list = output.init(FieldSize(value.size()));
    unsigned i = 0;
    for (const bool element : value) list.set(i++, element);
}

template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::vector<LocalType>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest)
{
    return ReadList(
        TypeList<LocalType>(), invoke_context, input, read_dest,
        [](auto& value, size_t count) {
            value.clear();
            value.reserve(count);
        },
        [](auto& value, auto&&... args) -> auto& {
            value.emplace_back(std::forward<decltype(args)>(args)...);
            return value.back();
        });
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::vector<bool>>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.update([&](auto& value) {
        const auto list = input.get();
        value.clear();
        value.reserve(list.size());
        for (const bool element : list) value.push_back(element);
    });
}

} // namespace mp

#endif // MP_TYPE_VECTOR_H
