#ifndef MP_TYPE_FUNCTION_H
#define MP_TYPE_FUNCTION_H

#include <functional>
#include <mp/type-interface.h>

// std::function as an interface that wraps ProxyCallback of it.
namespace mp {
namespace detail {

//! A local function, exported.
template <typename Fn, typename Result, typename... Args>
class ProxyCallbackImpl final : public ProxyCallback<std::function<Result(Args...)>>
{
public:
    explicit ProxyCallbackImpl(Fn fn) : m_fn(std::move(fn)) {}
    Result call(Args&&... args) override { return m_fn(std::forward<Args>(args)...); }

private:
    Fn m_fn;
};

} // namespace detail

template <typename Value, typename Result, typename... Args, typename Output>
void CustomBuildField(TypeList<std::function<Result(Args...)>>, Priority<1>, InvokeContext& invoke_context,
                      Value&& value, Output&& output) requires detail::InterfaceField<Output>
{
    if (!value) return;
    detail::SetHas(output);
    using Fn = std::function<Result(Args...)>;
    using Callback = ProxyCallback<Fn>;
    const detail::Lending lending(invoke_context);
    output.set(MakeProxyServer<detail::FieldInterface<Output>, Callback>(
        invoke_context, std::make_shared<detail::ProxyCallbackImpl<Fn, Result, Args...>>(std::forward<Value>(value))));
}

template <typename Result, typename... Args, typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<std::function<Result(Args...)>>, Priority<1>, InvokeContext& invoke_context,
                               Input&& input, ReadDest&& read_dest) requires detail::InterfaceField<Input>
{
    using Fn = std::function<Result(Args...)>;
    using Callback = ProxyCallback<Fn>;
    if (!CustomHasField(TypeList<Fn>(), invoke_context, input)) return read_dest.construct(Fn());
    // Copies of the function share the client; the last one releases the remote function.
    std::shared_ptr<Callback> client = detail::ReadClient<Callback>(invoke_context, input);
    return read_dest.construct(
        Fn([client = std::move(client)](Args... args) -> Result { return client->call(std::forward<Args>(args)...); }));
}

} // namespace mp

#endif // MP_TYPE_FUNCTION_H
