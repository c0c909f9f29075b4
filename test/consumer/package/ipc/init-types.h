#ifndef HARBOR_IPC_INIT_TYPES_H
#define HARBOR_IPC_INIT_TYPES_H

#include "ipc/books.capnp.proxy-types.h"
#include "ipc/context.h"
#include "ipc/port.capnp.proxy-types.h"

#include <mp/type-threadmap.h>

namespace mp {

//! Ports are counted, also when their connection goes away.
template <>
inline std::unique_ptr<harbor::Port>
CustomMakeProxyClient<harbor::ipc::messages::Port, harbor::Port>(InvokeContext& invoke_context,
                                                                 harbor::ipc::messages::Port::Client&& client)
{
    auto& context = *static_cast<harbor::ipc::Context*>(invoke_context.connection.m_loop->m_context);
    auto port = std::make_unique<ProxyClient<harbor::ipc::messages::Port>>(kj::mv(client), &invoke_context.connection,
                                                                           /* destroy_connection= */ false);
    ++context.ports_connected;
    port->m_context.cleanup_fns.emplace_back([&context] { ++context.ports_closed; });
    return port;
}

//! The port of new books is lent to them for as long as they live, not for the call.
template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<harbor::Port&>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    fn.invoke(server_context, std::forward<Args>(args)...);
}

template <>
struct ProxyServerMethodTraits<harbor::ipc::messages::Init::MakeBooksParams>
{
    using Context = ServerContext<harbor::ipc::messages::Init, harbor::ipc::messages::Init::MakeBooksParams,
                                  harbor::ipc::messages::Init::MakeBooksResults>;
    static ::capnp::Void invoke(Context& context);
};

} // namespace mp

#endif // HARBOR_IPC_INIT_TYPES_H
