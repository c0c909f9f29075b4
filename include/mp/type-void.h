#ifndef MP_TYPE_VOID_H
#define MP_TYPE_VOID_H

#include <mp/proxy-convert.h>

// Void fields take any value; a ::capnp::Void value leaves any field as it is.
namespace mp {

template <typename InvokeCtx, typename LocalType>
::capnp::Void BuildPrimitive(InvokeCtx&, LocalType&&, TypeList<::capnp::Void>)
{
    return {};
}

template <typename LocalType, typename Output>
void CustomBuildField(TypeList<LocalType>, Priority<1>, InvokeContext&, ::capnp::Void, Output&&)
{
}

} // namespace mp

#endif // MP_TYPE_VOID_H
