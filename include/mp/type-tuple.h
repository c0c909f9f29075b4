#ifndef MP_TYPE_TUPLE_H
#define MP_TYPE_TUPLE_H

#include <mp/proxy-convert.h>
#include <tuple>

// std::tuple as a struct: as many of its fields, in order, as the tuple has elements.
namespace mp {

template <typename... LocalTypes, typename Value, typename Output>
void CustomBuildField(TypeList<std::tuple<LocalTypes...>>, Priority<1>, [[maybe_unused]] InvokeContext& invoke_context,
                      Value&& value, Output&& output)
{
    [[maybe_unused]] auto builder = output.init();
    [&]<size_t... i>(std::index_sequence<i...>)
    {
        (BuildField(TypeList<LocalTypes>(), invoke_context, detail::FieldOf<i>(builder),
                    std::get<i>(std::forward<Value>(value))),
         ...);
    }
    (std::index_sequence_for<LocalTypes...>());
}

template <typename... LocalTypes, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::tuple<LocalTypes...>>, Priority<1>,
                               [[maybe_unused]] InvokeContext& invoke_context, Input&& input, ReadDest&& read_dest)
{
    return read_dest.update([&]([[maybe_unused]] auto& value) {
        [[maybe_unused]] const auto reader = input.get();
        [&]<size_t... i>(std::index_sequence<i...>)
        {
            (ReadField(TypeList<LocalTypes>(), invoke_context, detail::FieldOf<i>(reader),
                       ReadDestUpdate(std::get<i>(value))),
             ...);
        }
        (std::index_sequence_for<LocalTypes...>());
    });
}

} // namespace mp

#endif // MP_TYPE_TUPLE_H
