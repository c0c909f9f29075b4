#ifndef HARBOR_IPC_BOOKS_TYPES_H
#define HARBOR_IPC_BOOKS_TYPES_H

#include "ipc/common.capnp.proxy-types.h"
#include "ipc/handler.capnp.proxy-types.h"
#include "ipc/port.capnp.proxy-types.h"

#include <mp/type-context.h>
#include <mp/type-function.h>
#include <mp/type-interface.h>

namespace mp {

//! A scheduler stays where it is: the other side has its own.
template <typename Output>
void CustomBuildField(TypeList<harbor::Scheduler&>, Priority<1>, InvokeContext&, harbor::Scheduler&, Output&&)
{
}

template <typename Accessor, typename ServerContext, typename Fn, typename... Args>
void CustomPassField(TypeList<harbor::Scheduler&>, ServerContext& server_context, const Fn& fn, Args&&... args)
{
    fn.invoke(server_context, std::forward<Args>(args)...);
}

template <>
struct ProxyServerMethodTraits<harbor::ipc::messages::Books::StartParams>
{
    using Context = ServerContext<harbor::ipc::messages::Books, harbor::ipc::messages::Books::StartParams,
                                  harbor::ipc::messages::Books::StartResults>;
    static void invoke(Context& context)
    {
        context.proxy_server.m_impl->start(*context.proxy_server.m_scheduler);
        context.proxy_server.m_scheduler->tick(12);
    }
};

} // namespace mp

#endif // HARBOR_IPC_BOOKS_TYPES_H
