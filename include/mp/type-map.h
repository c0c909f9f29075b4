#ifndef MP_TYPE_MAP_H
#define MP_TYPE_MAP_H

#include <map>
#include <mp/type-pair.h>

// std::map as a list of structs of two fields. Of equal keys the first counts.
namespace mp {

template <typename KeyLocalType, typename ValueLocalType, typename Value, typename Output>
void CustomBuildField(TypeList<std::map<KeyLocalType, ValueLocalType>>, Priority<1>, InvokeContext& invoke_context,
                      Value&& value, Output&& output)
{
    BuildList(TypeList<std::pair<KeyLocalType, ValueLocalType>>(), invoke_context, output, std::forward<Value>(value));
}

template <typename KeyLocalType, typename ValueLocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::map<KeyLocalType, ValueLocalType>>, Priority<1>,
                               InvokeContext& invoke_context, Input&& input, ReadDest&& read_dest)
{
    return ReadList(
        TypeList<std::pair<KeyLocalType, ValueLocalType>>(), invoke_context, input, read_dest,
        [](auto& value, size_t) { value.clear(); }, [](auto& value, auto&&... args) -> auto& {
            return *value.emplace(std::forward<decltype(args)>(args)...).first;
        });
}

} // namespace mp

#endif // MP_TYPE_MAP_H
