#ifndef HARBOR_IPC_HANDLER_TYPES_H
#define HARBOR_IPC_HANDLER_TYPES_H

#include "ipc/context.h"

#include <mp/type-context.h>
#include <mp/type-interface.h>

namespace mp {

//! Handlers are counted as they come and go.
template <>
inline kj::Own<harbor::ipc::messages::Handler::Server>
CustomMakeProxyServer<harbor::ipc::messages::Handler, harbor::Handler>(InvokeContext& invoke_context,
                                                                       std::shared_ptr<harbor::Handler>&& impl)
{
    auto& context = *static_cast<harbor::ipc::Context*>(invoke_context.connection.m_loop->m_context);
    ++context.handlers_made;
    auto server = kj::heap<ProxyServer<harbor::ipc::messages::Handler>>(std::move(impl), invoke_context.connection);
    server->m_context.cleanup_fns.emplace_back([&context] { ++context.handlers_released; });
    return server;
}

} // namespace mp

#endif // HARBOR_IPC_HANDLER_TYPES_H
