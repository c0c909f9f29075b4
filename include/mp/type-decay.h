#ifndef MP_TYPE_DECAY_H
#define MP_TYPE_DECAY_H

#include <mp/proxy-convert.h>

// const T, T& and T&& are built as T, where nothing builds them as they are. One layer at a time.
namespace mp {

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<const LocalType>, Priority<0>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires Buildable<TypeList<LocalType>, InvokeContext, Output, Value>
{
    BuildField(TypeList<LocalType>(), invoke_context, std::forward<Output>(output), std::forward<Value>(value));
}

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType&>, Priority<0>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires Buildable<TypeList<LocalType>, InvokeContext, Output, Value>
{
    BuildField(TypeList<LocalType>(), invoke_context, std::forward<Output>(output), std::forward<Value>(value));
}

template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType&&>, Priority<0>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires Buildable<TypeList<LocalType>, InvokeContext, Output, Value>
{
    BuildField(TypeList<LocalType>(), invoke_context, std::forward<Output>(output), std::forward<Value>(value));
}

} // namespace mp

#endif // MP_TYPE_DECAY_H
