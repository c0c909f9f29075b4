#ifndef GOLDEN_MAPPING_TYPES_H
#define GOLDEN_MAPPING_TYPES_H

#include <mp/proxy-types.h>
#include <mp/type-context.h>
#include <mp/type-exception.h>
#include <mp/type-interface.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-pointer.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-threadmap.h>

namespace mp {

template <typename Value, typename Output>
void CustomBuildField(TypeList<golden::Odd>, Priority<1>, InvokeContext& invoke_context, Value&& value, Output&& output)
{
    BuildField(TypeList<std::string>(), invoke_context, std::forward<Output>(output), std::string(value.what()));
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<golden::Odd>, Priority<1>, InvokeContext& invoke_context, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(ReadField(TypeList<std::string>(), invoke_context, input, ReadDestTemp<std::string>()));
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<golden::Moved>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    output.set(value.number());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<golden::Moved>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(input.get());
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<std::unique_ptr<golden::Moved>>, Priority<1>, InvokeContext&, Value&& value,
                      Output&& output)
{
    if (value) output.set(value->number());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::unique_ptr<golden::Moved>>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(std::make_unique<golden::Moved>(input.get()));
}

//! Two C++ parameters in one struct.
template <typename Output>
void CustomBuildField(TypeList<int32_t, int32_t>, Priority<1>, InvokeContext&, int32_t x, int32_t y, Output&& output)
{
    auto point = output.init();
    point.setX(x);
    point.setY(y);
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<int32_t, int32_t>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    const auto params = server_context.call_context.getParams();
    const auto point = Accessor::get(params);
    fn.invoke(server_context, std::forward<Args>(args)..., point.getX(), point.getY());
}

//! A struct that no C++ parameter stands for: sent along, and seen by a hook.
template <typename Output>
void CustomBuildField(TypeList<>, Priority<1>, ClientInvokeContext&, Output&& output) requires
    std::is_same_v<decltype(output.get()), golden::mapping::Settings::Builder>
{
    output.init().setLevel(7);
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
auto CustomPassField(TypeList<>, ServerContext& server_context, const Fn& fn, Args&&... args) -> std::enable_if_t<
    std::is_same_v<decltype(Accessor::get(server_context.call_context.getParams())), golden::mapping::Settings::Reader>>
{
    golden::g_level = Accessor::get(server_context.call_context.getParams()).getLevel();
    fn.invoke(server_context, std::forward<Args>(args)...);
}

} // namespace mp

#endif // GOLDEN_MAPPING_TYPES_H
