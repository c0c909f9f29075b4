#ifndef HARBOR_IPC_BOOKS_HOOKS_H
#define HARBOR_IPC_BOOKS_HOOKS_H

#include "core/interfaces.h"
#include "ipc/books.capnp.h"

#include <mp/proxy.h>

//! Books that are called from another process have a scheduler in their own.
template <>
struct mp::ProxyServerCustom<harbor::ipc::messages::Books, harbor::Books>
    : public mp::ProxyServerBase<harbor::ipc::messages::Books, harbor::Books>
{
public:
    using ProxyServerBase::ProxyServerBase;

    void invokeDestroy()
    {
        m_scheduler.reset();
        ProxyServerBase::invokeDestroy();
    }

    std::unique_ptr<harbor::Scheduler> m_scheduler{std::make_unique<harbor::Scheduler>()};
};

#endif // HARBOR_IPC_BOOKS_HOOKS_H
