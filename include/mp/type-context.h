#ifndef MP_TYPE_CONTEXT_H
#define MP_TYPE_CONTEXT_H

#include <mp/proxy-convert.h>
#include <mp/proxy.capnp.h>

// mp.Context: which threads a call uses. Filled from the calling thread; the runtime reads it on the other side.
namespace mp {

template <typename Output>
void CustomBuildField(TypeList<>, Priority<1>, ClientInvokeContext& invoke_context,
                      Output&& output) requires std::is_same_v<decltype(output.get()), Context::Builder>
{
    BuildContext(invoke_context, output.init());
}

} // namespace mp

#endif // MP_TYPE_CONTEXT_H
