#ifndef MP_PROXY_SERVER_H
#define MP_PROXY_SERVER_H

// What methods of generated servers need; nothing here is for applications but CustomPassField.

#include <mp/proxy-bytes.h>
#include <mp/proxy-convert.h>
#include <mp/proxy-pass.h>
#include <optional>
#include <vector>

namespace mp {

//! A field of a method with the C++ parameters that it stands for.
template <typename Accessor_, typename LocalTypes_>
struct ServerField
{
    using Accessor = Accessor_;
    using LocalTypes = LocalTypes_;
};

namespace detail {

//! Whether an application's hook passes any of the fields. Before is the list of parameters already read.
template <typename Context, typename Before, typename... Fields>
inline constexpr bool AnyHook = false;

template <typename Context, typename... Before, typename Field, typename... Rest>
inline constexpr bool AnyHook<Context, TypeList<Before...>, Field, Rest...> =
    HasPassHook<Context, typename Field::Accessor, typename Field::LocalTypes,
                typename Concat<typename Rest::LocalTypes...>::Type, Before...> ||
    AnyHook<Context, typename Concat<TypeList<Before...>, typename Field::LocalTypes>::Type, Rest...>;

template <size_t index, typename... Fields>
using FieldAt = std::tuple_element_t<index, std::tuple<Fields...>>;

} // namespace detail

//! One method of a server: which fields it reads, and how they reach the C++ method.
template <typename Context, typename Params, typename... Fields>
struct ServerCall
{
    //! Hooks call each other, from the first field's to the C++ method; otherwise each parameter is an object by itself.
    static constexpr bool hooked = detail::AnyHook<Context, TypeList<>, Fields...>;

    template <size_t index>
    using Param = ServerParam<Context, typename detail::FieldAt<index, Fields...>::Accessor,
                              typename detail::FieldAt<index, Fields...>::LocalTypes>;

    //! The C++ method, or what the application put in its place.
    template <typename... Args>
    static decltype(auto) invoke(Context& context, Args&&... args)
    {
        return ProxyServerMethodTraits<Params>::invoke(context, std::forward<Args>(args)...);
    }

    //! Pass the fields one after another, and then call(release, args...).
    template <typename Call>
    static void pass(Context& context, const Call& call)
    {
        PassState state;
        const PassChain<Call, Fields...> chain{call, state};
        chain.invoke(context, typename detail::Concat<typename Fields::LocalTypes...>::Type());
    }
};

//! What a method returned, kept until the results are built.
template <typename Result>
class ServerResult
{
public:
    template <typename Fn>
    void set(Fn&& fn)
    {
        m_value.emplace(fn());
    }
    Result&& take() { return std::move(*m_value); }

private:
    std::optional<Result> m_value;
};
template <typename Result>
class ServerResult<Result&>
{
public:
    template <typename Fn>
    void set(Fn&& fn)
    {
        m_value = &fn();
    }
    Result& take() { return *m_value; }

private:
    Result* m_value{nullptr};
};
template <>
class ServerResult<void>
{
public:
    template <typename Fn>
    void set(Fn&& fn)
    {
        fn();
    }
};

//! Whether a value's type has a mapping to that of the field of the results that it is built into.
template <typename Accessor, typename Context, typename LocalType, typename Value>
concept MappedResult =
    Buildable<TypeList<LocalType>, Context, StructField<Accessor, detail::ResultsOf<Context>>, Value>;

namespace detail {
//! Values whose memory can be the message's. Other allocators may take it back.
template <typename T>
inline constexpr bool IsByteVector = false;
template <typename Byte>
inline constexpr bool IsByteVector<std::vector<Byte>> = sizeof(Byte) == 1 && !std::is_same_v<Byte, bool>;

//! Build the result field from a value that the message keeps.
template <typename Accessor, typename Context, typename Results, typename Result>
void BuildKeptResult(Context& context, Results& results, Result&& result)
{
    auto kept = kj::heap<Result>(std::move(result));
    Lender lender(context.connection);
    lender.offer(*kept);
    context.lender = &lender;
    KJ_DEFER({
        context.lender = nullptr;
        lender.giveAway(kj::mv(kept));
    });
    BuildField(TypeList<Result&&>(), context, Make<StructField, Accessor>(results), std::move(*kept));
}
} // namespace detail

//! Build the result field.
template <typename Accessor, typename Context, typename Result>
void BuildResult(Context& context, Result&& result)
{
    context.buildResults([&] {
        auto results = context.call_context.getResults();
        if constexpr (detail::IsByteVector<Result>) {
            if (result.size() >= detail::Lender::MIN_BYTES) {
                detail::BuildKeptResult<Accessor>(context, results, std::move(result));
                return;
            }
        }
        BuildField(TypeList<Result&&>(), context, Make<StructField, Accessor>(results), std::forward<Result>(result));
    });
}

//! Build the field of a declared exception.
template <typename Accessor, typename Context, typename LocalType>
void BuildException(TypeList<LocalType>, Context& context, const LocalType& error)
{
    context.buildResults([&] {
        auto results = context.call_context.getResults();
        const auto field = Make<StructField, Accessor>(results);
        BuildField(TypeList<LocalType>(), context, field, error);
        field.setHas();
    });
}

} // namespace mp

#endif // MP_PROXY_SERVER_H
