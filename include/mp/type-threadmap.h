#ifndef MP_TYPE_THREADMAP_H
#define MP_TYPE_THREADMAP_H

#include <mp/connection.h>
#include <mp/proxy-convert.h>
#include <mp/proxy.capnp.h>

// mp.ThreadMap: each side gives its own, and keeps the other's in Connection::m_thread_map.
namespace mp {

template <typename Output>
void CustomBuildField(TypeList<>, Priority<1>, InvokeContext& invoke_context,
                      Output&& output) requires std::is_same_v<RemoveCvRef<decltype(output.get())>, ThreadMap::Client>
{
    output.set(MakeThreadMap(invoke_context));
}

template <typename Input>
decltype(auto)
CustomReadField(TypeList<>, Priority<1>, InvokeContext& invoke_context,
                Input&& input) requires std::is_same_v<RemoveCvRef<decltype(input.get())>, ThreadMap::Client>
{
    // Peers may leave it out.
    if (!input.has()) return;
    WithLoop(invoke_context, [&] { invoke_context.connection.setThreadMap(input.get()); });
}

} // namespace mp

#endif // MP_TYPE_THREADMAP_H
