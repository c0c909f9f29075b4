#ifndef MP_PROXY_METHOD_H
#define MP_PROXY_METHOD_H

// What the declarations of generated classes need; nothing here is for applications.

#include <mp/proxy.h>

namespace mp {

//! Number of parameters of the C++ method behind a schema's method.
template <typename MethodParams>
inline constexpr size_t MethodArity = ProxyClientMethodTraits<MethodParams>::Params::size;

//! Whether a pointer of this type points to a method that can be wrapped.
template <typename Pointer>
concept IsMethod = requires
{
    typename FunctionTraits<const Pointer>::Result;
};

namespace detail {
template <typename MethodParams, size_t N>
struct MethodParamAt
{
    // Generated assertions on MethodArity name the method; no further error follows from here.
    using Type = void*;
};
template <typename MethodParams, size_t N>
    requires(N < MethodArity<MethodParams>)
struct MethodParamAt<MethodParams, N>
{
    using Type = typename ProxyClientMethodTraits<MethodParams>::template Param<N>;
};

template <typename Fn>
struct IsNoexcept : std::false_type
{
};
template <class C, class R, class... P>
struct IsNoexcept<R (C::*const)(P...) noexcept> : std::true_type
{
};
template <class C, class R, class... P>
struct IsNoexcept<R (C::*const)(P...) const noexcept> : std::true_type
{
};

template <typename MethodParams, typename Enable = void>
struct NoexceptImpl : std::false_type
{
};
template <typename MethodParams>
struct NoexceptImpl<MethodParams, Require<decltype(ProxyMethod<MethodParams>::impl)>>
    : IsNoexcept<decltype(ProxyMethod<MethodParams>::impl)>
{
};
} // namespace detail

template <typename MethodParams>
using MethodResult = typename ProxyClientMethodTraits<MethodParams>::Result;

template <typename MethodParams, size_t N>
using MethodParam = typename detail::MethodParamAt<MethodParams, N>::Type;

//! Whether the C++ method is noexcept, so that the generated one must be too.
template <typename MethodParams>
inline constexpr bool NoexceptMethod = detail::NoexceptImpl<MethodParams>::value;

} // namespace mp

#endif // MP_PROXY_METHOD_H
