#ifndef MP_TYPE_SET_H
#define MP_TYPE_SET_H

#include <mp/proxy-convert.h>
#include <set>

// std::set<T> as List(T).
namespace mp {

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<std::set<LocalType>>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output)
{
    BuildList(TypeList<LocalType>(), invoke_context, output, std::forward<Value>(value));
}

template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::set<LocalType>>, Priority<1>, InvokeContext& invoke_context, Input&& input,
                               ReadDest&& read_dest)
{
    return ReadList(
        TypeList<LocalType>(), invoke_context, input, read_dest, [](auto& value, size_t) { value.clear(); },
        [](auto& value, auto&&... args) -> auto& {
            return *value.emplace(std::forward<decltype(args)>(args)...).first;
        });
}

} // namespace mp

#endif // MP_TYPE_SET_H
