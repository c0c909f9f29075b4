#ifndef MP_TYPE_INTERFACE_H
#define MP_TYPE_INTERFACE_H

#include <memory>
#include <mp/proxy-convert.h>
#include <mp/proxy-pass.h>

// Objects: std::unique_ptr gives the object away, std::shared_ptr shares it, a reference lends it for the time of a call.
namespace mp {

//! Applications specialize these two explicitly to make servers and clients of their own.
template <typename Interface, typename Impl>
kj::Own<typename Interface::Server> CustomMakeProxyServer(InvokeContext& invoke_context, std::shared_ptr<Impl>&& impl)
{
    return kj::heap<ProxyServer<Interface>>(std::move(impl), invoke_context.connection);
}

template <typename Interface, typename Impl>
std::unique_ptr<Impl> CustomMakeProxyClient(InvokeContext& invoke_context, typename Interface::Client&& client)
{
    return std::make_unique<ProxyClient<Interface>>(kj::mv(client), &invoke_context.connection,
                                                    /* destroy_connection= */ false);
}

//! Export a local object.
template <typename Interface, typename Impl>
kj::Own<typename Interface::Server> MakeProxyServer(InvokeContext& invoke_context, std::shared_ptr<Impl> impl)
{
    CheckNotCanceled(invoke_context);
    try {
        CheckObjects(invoke_context);
    } catch (...) {
        ReleaseLater(invoke_context, std::move(impl));
        throw;
    }
    return CustomMakeProxyServer<Interface, Impl>(invoke_context, std::move(impl));
}

//! Make a client of a remote object.
template <typename Interface, typename Impl>
std::unique_ptr<Impl> MakeProxyClient(InvokeContext& invoke_context, typename Interface::Client&& client)
{
    CheckNotCanceled(invoke_context);
    return CustomMakeProxyClient<Interface, Impl>(invoke_context, kj::mv(client));
}

namespace detail {

//! Inputs and outputs that are capabilities.
template <typename Field>
concept InterfaceField = IsCapability<decltype(std::declval<Field&>().get())>;

template <typename Field>
using FieldInterface = typename RemoveCvRef<decltype(std::declval<Field&>().get())>::Calls;

//! The client behind a field. Made owning the loop, so that the connection is there; its "construct" and what applications
//! do instead of making the usual client may call the object.
template <typename Impl, typename Input>
std::unique_ptr<Impl> ReadClient(InvokeContext& invoke_context, Input&& input)
{
    using Interface = FieldInterface<Input>;
    std::unique_ptr<Impl> made;
    HoldLoop(invoke_context, [&] {
        made = MakeProxyClient<Interface, Impl>(invoke_context, typename Interface::Client(input.get()));
    });
    return made;
}

} // namespace detail

template <typename Impl, typename Value, typename Output>
void CustomBuildField(TypeList<std::unique_ptr<Impl>>, Priority<1>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires detail::InterfaceField<Output>
{
    static_assert(!std::is_const_v<std::remove_reference_t<Value>>,
                  "a const std::unique_ptr can't give its object away: pass it, or its container, by value");
    if (!value) return;
    detail::SetHas(output);
    using Interface = detail::FieldInterface<Output>;
    output.set(MakeProxyServer<Interface, Impl>(invoke_context, std::shared_ptr<Impl>(value.release())));
}

template <typename Impl, typename Value, typename Output>
void CustomBuildField(TypeList<std::shared_ptr<Impl>>, Priority<2>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires detail::InterfaceField<Output>
{
    if (!value) return;
    detail::SetHas(output);
    using Interface = detail::FieldInterface<Output>;
    output.set(MakeProxyServer<Interface, Impl>(invoke_context, std::shared_ptr<Impl>(std::forward<Value>(value))));
}

template <typename Impl, typename Output>
void CustomBuildField(TypeList<Impl&>, Priority<1>, InvokeContext& invoke_context, Impl& value,
                      Output&& output) requires detail::InterfaceField<Output> &&
    detail::ClientOf<detail::FieldInterface<Output>, Impl>
{
    using Interface = detail::FieldInterface<Output>;
    using Object = std::remove_const_t<Impl>;
    const detail::Lending lending(invoke_context);
    output.set(MakeProxyServer<Interface, Object>(
        invoke_context, std::shared_ptr<Object>(const_cast<Object*>(&value), [](Object*) {})));
}

template <typename Impl, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::unique_ptr<Impl>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest) requires detail::InterfaceField<Input>
{
    std::unique_ptr<Impl> client;
    if (CustomHasField(TypeList<Impl>(), invoke_context, input))
        client = detail::ReadClient<Impl>(invoke_context, input);
    return read_dest.construct(std::move(client));
}

template <typename Impl, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::shared_ptr<Impl>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest) requires detail::InterfaceField<Input>
{
    std::shared_ptr<Impl> client;
    if (CustomHasField(TypeList<Impl>(), invoke_context, input))
        client = detail::ReadClient<Impl>(invoke_context, input);
    return read_dest.construct(std::move(client));
}

} // namespace mp

#endif // MP_TYPE_INTERFACE_H
