#ifndef MP_TYPE_MESSAGE_H
#define MP_TYPE_MESSAGE_H

#include <mp/proxy-convert.h>

// Types with functions of the application that convert them to whole messages:
//     void CustomBuildMessage(InvokeContext&, const T& src, S::Builder&& builder);
//     void CustomReadMessage(InvokeContext&, const S::Reader& reader, T& dest);
// CustomPassMessage, for parameters that are also results, is looked for by the server: see proxy-pass.h.
namespace mp {

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType>, Priority<2>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires requires
{
    CustomBuildMessage(invoke_context, value, std::move(output.get()));
}
{
    // Its reader asks.
    detail::SetHas(output);
    auto builder = output.init();
    CustomBuildMessage(invoke_context, value, std::move(builder));
}

//! An unset field leaves the value as it is: the default, for a new one.
template <typename LocalType, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<LocalType>, Priority<2>, InvokeContext& invoke_context, Input&& input,
                               ReadDest&& read_dest) requires requires(LocalType& value)
{
    CustomReadMessage(invoke_context, input.get(), value);
}
{
    return read_dest.update([&](auto& value) {
        if (CustomHasField(TypeList<LocalType>(), invoke_context, input)) {
            CustomReadMessage(invoke_context, input.get(), value);
        }
    });
}

} // namespace mp

#endif // MP_TYPE_MESSAGE_H
