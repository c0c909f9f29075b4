#ifndef MP_PROXY_CLIENT_H
#define MP_PROXY_CLIENT_H

// What methods of generated clients need; nothing here is for applications.

#include <map>
#include <mp/proxy-bytes.h>
#include <mp/proxy-convert.h>
#include <mp/proxy-method.h>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <vector>

namespace mp {

using BuildFn = FunctionRef<void(ClientInvokeContext&, ::capnp::AnyPointer::Builder)>;
using ReadFn = FunctionRef<void(ClientInvokeContext&, ::capnp::AnyPointer::Reader)>;

//! InvokeClient. From a method that is noexcept, failures only reach the log function.
template <bool is_noexcept>
void CallRemote(ProxyContext& context, ::capnp::Capability::Client& client, const MethodInfo& method, BuildFn build,
                ReadFn read) noexcept(is_noexcept)
{
    if constexpr (is_noexcept) {
        try {
            InvokeClient(context, client, method, build, read);
        } catch (...) {
        }
    } else {
        InvokeClient(context, client, method, build, read);
    }
}

namespace detail {
//! Types that refer to what they are read from.
template <typename T>
inline constexpr bool IsView = false;
template <>
inline constexpr bool IsView<std::string_view> = true;
template <typename T>
inline constexpr bool IsView<std::span<T>> = true;
template <typename T>
inline constexpr bool IsView<kj::ArrayPtr<T>> = true;
template <typename... T>
inline constexpr bool IsView<std::vector<T...>> = (IsView<T> || ...);
template <typename... T>
inline constexpr bool IsView<std::set<T...>> = (IsView<T> || ...);
template <typename... T>
inline constexpr bool IsView<std::map<T...>> = (IsView<T> || ...);
template <typename... T>
inline constexpr bool IsView<std::tuple<T...>> = (IsView<T> || ...);
template <typename First, typename Second>
inline constexpr bool IsView<std::pair<First, Second>> = IsView<First> || IsView<Second>;
template <typename T>
inline constexpr bool IsView<std::optional<T>> = IsView<T>;
} // namespace detail

//! Whether a method that must not throw has a value to return when its call fails; generated assertions on it name the
//! method.
template <typename Params, typename Result = MethodResult<Params>>
inline constexpr bool ReturnsOnFailure =
    !NoexceptMethod<Params> || !std::is_object_v<Result> || std::is_default_constructible_v<std::remove_cv_t<Result>>;

//! What a method returns, on its way out of the answer.
template <typename Result>
class ClientResult
{
    static_assert(!std::is_reference_v<Result>, "a method that returns a reference can't be called remotely");
    static_assert(!detail::IsView<std::remove_cv_t<Result>>,
                  "a method that returns a view can't be called remotely: the answer is gone when it returns");

public:
    //! Whether the field's type has a mapping to the C++ type.
    template <typename Accessor, typename Results>
    static constexpr bool mapped =
        Readable<TypeList<Result>, StructField<Accessor, Results>, ReadDestOptional<std::remove_cv_t<Result>>>;

    template <typename Accessor, typename Results>
    void read(InvokeContext& invoke_context, Results& results)
    {
        ReadField(TypeList<Result>(), invoke_context, Make<StructField, Accessor>(results), ReadDestOptional(m_value));
    }

    //! The default value if the call failed and the log function didn't throw.
    Result take()
    {
        if (!m_value) {
            if constexpr (std::is_default_constructible_v<Value>) {
                return Value();
            } else {
                throw std::runtime_error("IPC client method call failed and has no result");
            }
        }
        return std::move(*m_value);
    }

private:
    using Value = std::remove_cv_t<Result>;
    std::optional<Value> m_value;
};

template <>
class ClientResult<void>
{
public:
    void take() {}
};

//! Tell whether the caller wants an output: whether it passes a pointer.
template <typename Accessor, typename Params, typename Value>
void BuildWant(Params& params, const Value& value)
{
    if constexpr (std::is_pointer_v<Value>) {
        if (value == nullptr) return;
    }
    Make<StructField, Accessor>(params).setWant();
}

//! Whether the C++ arguments that a parameter stands for have a mapping to its type.
template <typename Accessor, typename Params, typename LocalTypes>
inline constexpr bool MappedParam = false;
template <typename Accessor, typename Params, typename... LocalTypes>
inline constexpr bool MappedParam<Accessor, Params, TypeList<LocalTypes...>> =
    Buildable<TypeList<LocalTypes...>, ClientInvokeContext, StructField<Accessor, typename Params::Builder>,
              LocalTypes...>;

//! Build a field of the params from the caller's arguments, which stay as they are until the call returns.
template <typename... LocalTypes, typename Output, typename... Values>
void BuildParam(TypeList<LocalTypes...> types, ClientInvokeContext& context, Output&& output, Values&&... values)
{
    if constexpr (sizeof...(Values) == 1 && (std::is_class_v<RemoveCvRef<Values>> && ...)) {
        if (context.lender) (context.lender->offer(values), ...);
    }
    BuildField(types, context, std::forward<Output>(output), std::forward<Values>(values)...);
}

//! Whether an output's type has a mapping to the C++ arguments that it stands for.
template <typename Accessor, typename Results, typename LocalTypes>
inline constexpr bool MappedOutput = false;
template <typename Accessor, typename Results, typename... LocalTypes>
inline constexpr bool MappedOutput<Accessor, Results, TypeList<LocalTypes...>> =
    Readable<TypeList<LocalTypes...>, StructField<Accessor, typename Results::Reader>,
             ReadDestUpdate<std::remove_reference_t<LocalTypes>>...>;

//! Read an output into the caller's argument; or, without one, whatever else its reader does.
template <typename Accessor, typename... LocalTypes, typename Results, typename... Values>
void ReadOutput(TypeList<LocalTypes...>, InvokeContext& invoke_context, Results& results, Values&... values)
{
    static_assert(!(detail::IsView<std::remove_cv_t<Values>> || ...),
                  "an output that is a view can't be filled remotely: the answer is gone when the call returns");
    ReadField(TypeList<LocalTypes...>(), invoke_context, Make<StructField, Accessor>(results),
              ReadDestUpdate<Values>(values)...);
}

//! Throw a declared exception if the answer carries it.
template <typename Accessor, typename LocalType, typename Results>
void ThrowIfSet(TypeList<LocalType>, InvokeContext& invoke_context, Results& results)
{
    auto field = Make<StructField, Accessor>(results);
    if (CustomHasField(TypeList<LocalType>(), invoke_context, field)) {
        ThrowField(TypeList<LocalType>(), invoke_context, field);
    }
}

} // namespace mp

#endif // MP_PROXY_CLIENT_H
