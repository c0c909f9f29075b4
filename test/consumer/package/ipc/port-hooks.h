#ifndef HARBOR_IPC_PORT_HOOKS_H
#define HARBOR_IPC_PORT_HOOKS_H

#include "core/interfaces.h"
#include "ipc/port.capnp.h"

#include <mp/proxy.h>
#include <mutex>

//! Keeps what the port has raw pointers to.
template <>
struct mp::ProxyServerCustom<harbor::ipc::messages::Port, harbor::Port>
    : public mp::ProxyServerBase<harbor::ipc::messages::Port, harbor::Port>
{
public:
    using ProxyServerBase::ProxyServerBase;

    void invokeDestroy()
    {
        ProxyServerBase::invokeDestroy();
        m_bell.reset();
    }

    std::shared_ptr<harbor::Bell> m_bell;
};

//! The port's books, which it returns by reference: one client that lives as long as the port's.
template <>
class mp::ProxyClientCustom<harbor::ipc::messages::Port, harbor::Port>
    : public mp::ProxyClientBase<harbor::ipc::messages::Port, harbor::Port>
{
public:
    using ProxyClientBase::ProxyClientBase;
    harbor::Books& books() override;

private:
    std::once_flag m_once;
    std::unique_ptr<harbor::Books> m_books;
};

template <>
struct mp::ProxyClientMethodTraits<harbor::ipc::messages::Port::CustomBooksParams>
    : public FunctionTraits<std::unique_ptr<harbor::Books> (harbor::Port::*const)()>
{
};

#endif // HARBOR_IPC_PORT_HOOKS_H
