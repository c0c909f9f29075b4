#ifndef MP_PROXY_PASS_H
#define MP_PROXY_PASS_H

// How a server's parameters get from the message to the C++ method.

#include <mp/proxy-convert.h>
#include <optional>

namespace mp {
namespace detail {

//! Fields of interface type: what the getter returns has a nested type Calls.
template <typename Value>
concept IsCapability = requires
{
    typename RemoveCvRef<Value>::Calls;
};

template <typename Accessor, typename Struct>
concept HasGetter = requires(Struct& message)
{
    Accessor::get(message);
};

//! The schema's interface that a field of a struct refers to.
template <typename Accessor, typename Struct>
using InterfaceOf = typename RemoveCvRef<decltype(Accessor::get(std::declval<Struct&>()))>::Calls;

template <typename Context>
using ParamsOf = decltype(std::declval<typename Context::CallContext&>().getParams());
template <typename Context>
using ResultsOf = decltype(std::declval<typename Context::CallContext&>().getResults());

//! Whether a field's remote object is one of the class, rather than of what a std::shared_ptr or std::function refers to.
template <typename Interface, typename LocalType>
concept ClientOf = std::is_convertible_v<ProxyClient<Interface>*, std::remove_const_t<LocalType>*>;

template <typename Accessor, typename LocalTypes, typename Context, typename... Dests>
concept MappedIn = !Accessor::in || Readable<LocalTypes, StructField<Accessor, const ParamsOf<Context>>, Dests...>;
template <typename Accessor, typename LocalTypes, typename Context, typename... Values>
concept MappedOut =
    !Accessor::out || Buildable<LocalTypes, Context, StructField<Accessor, ResultsOf<Context>>, Values...>;

} // namespace detail

// Parameters

// Whether it has a mapping is "mapped"; generated assertions on it name the parameter.

//! A field that stands for several parameters has no mapping of its own: the application supplies a CustomPassField.
template <typename Context, typename Accessor, typename LocalTypes>
class ServerParam
{
public:
    static constexpr bool mapped = false;

    explicit ServerParam(Context&);
    void release();
    void build(Context&);
};

//! A field that stands for no parameter, such as a ThreadMap.
template <typename Context, typename Accessor>
class ServerParam<Context, Accessor, TypeList<>>
{
public:
    static constexpr bool mapped =
        detail::MappedIn<Accessor, TypeList<>, Context> && detail::MappedOut<Accessor, TypeList<>, Context>;

    explicit ServerParam(Context& context)
    {
        if constexpr (Accessor::in) {
            const auto params = context.call_context.getParams();
            ReadField(TypeList<>(), context, Make<StructField, Accessor>(params));
        }
    }
    void release() {}
    void build(Context& context)
    {
        if constexpr (Accessor::out) {
            auto results = context.call_context.getResults();
            BuildField(TypeList<>(), context, Make<StructField, Accessor>(results));
        }
    }
};

//! A parameter by value or by reference: a value read from the params, passed on as it is declared.
template <typename Context, typename Accessor, typename LocalType>
class ServerParam<Context, Accessor, TypeList<LocalType>>
{
    using Value = RemoveCvRef<LocalType>;

public:
    static constexpr bool mapped = detail::MappedIn<Accessor, TypeList<LocalType>, Context, ReadDestOptional<Value>> &&
                                   detail::MappedOut<Accessor, TypeList<LocalType>, Context, LocalType>;

    explicit ServerParam(Context& context)
    {
        if constexpr (Accessor::in) {
            const auto params = context.call_context.getParams();
            ReadField(TypeList<LocalType>(), context, Make<StructField, Accessor>(params), ReadDestOptional(m_value));
        }
        // Readers may leave the destination alone.
        if constexpr (std::is_default_constructible_v<Value>) {
            if (!m_value) m_value.emplace();
        } else {
            if (!m_value) throw std::runtime_error("parameter has no value");
        }
    }

    LocalType&& pass() { return static_cast<LocalType&&>(*m_value); }

    //! Drop what isn't needed for the results. Destructors may call remote objects, so not while owning the loop.
    void release()
    {
        if constexpr (!Accessor::out) m_value.reset();
    }

    void build(Context& context)
    {
        if constexpr (Accessor::out) {
            auto results = context.call_context.getResults();
            BuildField(TypeList<LocalType>(), context, Make<StructField, Accessor>(results), pass());
        }
    }

private:
    std::optional<Value> m_value;
};

//! A parameter that is a pointer: null if the caller doesn't want it.
template <typename Context, typename Accessor, typename LocalType>
class ServerParam<Context, Accessor, TypeList<LocalType*>>
{
    using Value = std::remove_cv_t<LocalType>;

public:
    static constexpr bool mapped = detail::MappedIn<Accessor, TypeList<Value>, Context, ReadDestUpdate<Value>> &&
                                   detail::MappedOut<Accessor, TypeList<LocalType>, Context, Value&>;

    explicit ServerParam(Context& context)
    {
        const auto params = context.call_context.getParams();
        if (!Make<StructField, Accessor>(params).want()) return;
        Value& value = m_value.emplace();
        if constexpr (Accessor::in) {
            ReadField(TypeList<Value>(), context, Make<StructField, Accessor>(params), ReadDestUpdate(value));
        }
    }

    LocalType* pass() { return m_value ? &*m_value : nullptr; }
    void release()
    {
        if constexpr (!Accessor::out) m_value.reset();
    }
    void build(Context& context)
    {
        if constexpr (Accessor::out) {
            if (!m_value) return;
            auto results = context.call_context.getResults();
            BuildField(TypeList<LocalType>(), context, Make<StructField, Accessor>(results), *m_value);
        }
    }

private:
    std::optional<Value> m_value;
};

//! A reference to a remote object, for the time of the call.
template <typename Context, typename Accessor, typename LocalType>
    requires detail::HasGetter<Accessor, const detail::ParamsOf<Context>> &&
        detail::IsCapability<decltype(Accessor::get(std::declval<const detail::ParamsOf<Context>&>()))> &&
        detail::ClientOf<detail::InterfaceOf<Accessor, const detail::ParamsOf<Context>>, LocalType>
class ServerParam<Context, Accessor, TypeList<LocalType&>>
{
public:
    static constexpr bool mapped = true;

    explicit ServerParam(Context& context)
    {
        const auto params = context.call_context.getParams();
        HoldLoop(context, [&] {
            m_client.emplace(Accessor::get(params), &context.connection, /* destroy_connection= */ false);
        });
    }

    LocalType& pass() { return *m_client; }
    void release() { m_client.reset(); }
    void build(Context&) {}

private:
    using Interface = detail::InterfaceOf<Accessor, const detail::ParamsOf<Context>>;
    std::optional<ProxyClient<Interface>> m_client;
};

// Hooks of applications

//! Applications' overloads take the declared types of a field's parameters, the context, and a continuation fn: they
//! call fn.invoke(server_context, args...), with what the field stands for appended to args.
template <typename Accessor>
void CustomPassField() = delete;

//! Inputs that hooked calls have to drop before the results are built, the innermost first.
struct PassState
{
    struct Node
    {
        Node* outer;
        void* param;
        void (*release)(void* param);
    };
    Node* innermost{nullptr};
    //! The C++ method returned, so outputs are built.
    bool returned{false};

    void release()
    {
        for (Node* node = innermost; node != nullptr; node = node->outer) node->release(node->param);
    }
};

namespace detail {

//! Stands for the continuation where overloads are only looked for.
struct PassProbe
{
    template <typename... Args>
    void invoke(Args&&...) const;
};

template <typename Accessor, typename Struct>
decltype(auto) GetOrVoid(Struct& message)
{
    if constexpr (HasGetter<Accessor, Struct>) {
        return Accessor::get(message);
    } else {
        return ::capnp::Void();
    }
}

template <typename Accessor, typename Struct>
decltype(auto) InitOrVoid(Struct& message)
{
    if constexpr (HasGetter<Accessor, Struct>) {
        return Accessor::init(message);
    } else {
        return ::capnp::Void();
    }
}

template <typename Context, typename Accessor, typename LocalTypes, typename Rest, typename... Args>
concept HasPassField = requires(Context& context, const PassProbe& fn, LocalTypes types, Rest rest)
{
    CustomPassField<Accessor>(types, context, fn, rest, std::declval<Args>()...);
};

template <typename Context, typename Accessor>
concept HasPassMessage = requires(Context& context, const ParamsOf<Context>& params, ResultsOf<Context>& results)
{
    CustomPassMessage(context, GetOrVoid<Accessor>(params), GetOrVoid<Accessor>(results), nullptr);
};

//! The parameters of all fields in one list.
template <typename... Lists>
struct Concat;
template <>
struct Concat<>
{
    using Type = TypeList<>;
};
template <typename... A>
struct Concat<TypeList<A...>>
{
    using Type = TypeList<A...>;
};
template <typename... A, typename... B, typename... Rest>
struct Concat<TypeList<A...>, TypeList<B...>, Rest...> : Concat<TypeList<A..., B...>, Rest...>
{
};

//! The application passes the field. Args are the types of the arguments before it.
template <typename Context, typename Accessor, typename LocalTypes, typename Rest, typename... Args>
inline constexpr bool HasPassHook =
    HasPassField<Context, Accessor, LocalTypes, Rest, Args...> || HasPassMessage<Context, Accessor>;

} // namespace detail

//! The fields of a call that are not passed yet, as continuation of the one before.
template <typename Call, typename... Fields>
struct PassChain;

template <typename Call>
struct PassChain<Call>
{
    const Call& call;
    PassState& state;

    template <typename Context, typename... Args>
    void invoke(Context&, TypeList<>, Args&&... args) const
    {
        state.returned = call([this] { state.release(); }, std::forward<Args>(args)...);
    }
};

template <typename Call, typename Field, typename... Fields>
struct PassChain<Call, Field, Fields...>
{
    using Accessor = typename Field::Accessor;
    using LocalTypes = typename Field::LocalTypes;

    const Call& call;
    PassState& state;

    //! The list is that of all parameters not passed yet, this field's first.
    template <typename Context, typename... Types, typename... Args>
    void invoke(Context& context, TypeList<Types...>, Args&&... args) const
    {
        using Rest = typename detail::Concat<typename Fields::LocalTypes...>::Type;
        static_assert(std::is_same_v<TypeList<Types...>, typename detail::Concat<LocalTypes, Rest>::Type>,
                      "a CustomPassField must pass its arguments on to fn.invoke, the TypeList first");
        passField(context, LocalTypes(), Rest(), std::forward<Args>(args)...);
    }

private:
    template <typename Context, typename... Own, typename... Rest, typename... Args>
    void passField(Context& context, TypeList<Own...>, TypeList<Rest...>, Args&&... args) const
    {
        const PassChain<Call, Fields...> next{call, state};
        if constexpr (detail::HasPassField<Context, Accessor, TypeList<Own...>, TypeList<Rest...>, Args...>) {
            CustomPassField<Accessor>(TypeList<Own...>(), context, next, TypeList<Rest...>(),
                                      std::forward<Args>(args)...);
        } else if constexpr (detail::HasPassMessage<Context, Accessor>) {
            const auto params = context.call_context.getParams();
            using Output = decltype(detail::InitOrVoid<Accessor>(std::declval<detail::ResultsOf<Context>&>()));
            std::optional<Output> output;
            WithLoop(context, [&] {
                auto results = context.call_context.getResults();
                output.emplace(detail::InitOrVoid<Accessor>(results));
            });
            CustomPassMessage(context, detail::GetOrVoid<Accessor>(params), std::move(*output), [&](Own... own) {
                next.invoke(context, TypeList<Rest...>(), std::forward<Args>(args)..., static_cast<Own&&>(own)...);
            });
        } else {
            passParam<Own...>(context, next, TypeList<Rest...>(), std::forward<Args>(args)...);
        }
    }

    template <typename... Own, typename Context, typename Next, typename Rest, typename... Args>
    void passParam(Context& context, const Next& next, Rest rest, Args&&... args) const
    {
        using Param = ServerParam<Context, Accessor, TypeList<Own...>>;
        static_assert(Param::mapped, "a parameter beside one with a CustomPassField has no mapping itself");
        Param param(context);
        PassState::Node node{state.innermost, &param, [](void* p) { static_cast<Param*>(p)->release(); }};
        state.innermost = &node;
        if constexpr (sizeof...(Own) == 0) {
            next.invoke(context, rest, std::forward<Args>(args)...);
        } else {
            next.invoke(context, rest, std::forward<Args>(args)..., param.pass());
        }
        state.innermost = node.outer;
        if (state.returned) {
            context.buildResults([&] { param.build(context); });
        }
    }
};

} // namespace mp

#endif // MP_PROXY_PASS_H
