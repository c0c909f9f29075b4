#ifndef MP_PROXY_READ_DEST_H
#define MP_PROXY_READ_DEST_H

#include <exception>
#include <memory>
#include <mp/util.h>
#include <optional>
#include <utility>

// Where readers put what they read. A reader calls construct() with the arguments that make the value, or update()
// with a function that changes an existing one, at most once, and returns what that returns.
namespace mp {
namespace detail {

template <typename T, typename... Args>
T* ConstructAt(T* address, Args&&... args)
{
    if constexpr (std::is_constructible_v<T, Args...>) {
        return ::new (static_cast<void*>(address)) T(std::forward<Args>(args)...);
    } else {
        return ::new (static_cast<void*>(address)) T{std::forward<Args>(args)...};
    }
}

template <typename T, typename... Args>
T& EmplaceIn(std::optional<T>& value, Args&&... args)
{
    if constexpr (std::is_constructible_v<T, Args...>) {
        return value.emplace(std::forward<Args>(args)...);
    } else {
        return value.emplace(T{std::forward<Args>(args)...});
    }
}

template <typename T>
struct EmplaceFn
{
    std::optional<T>& value;

    template <typename... Args>
    T& operator()(Args&&... args) const
    {
        return EmplaceIn(value, std::forward<Args>(args)...);
    }
};

//! For a value that can be neither moved nor assigned. If that throws it becomes a default one. Where there is none,
//! the program ends, because whoever has the value is going to destroy it.
template <typename T, typename... Args>
void ReconstructInPlace(T& value, Args&&... args)
{
    std::destroy_at(&value);
    try {
        ConstructAt(&value, std::forward<Args>(args)...);
    } catch (...) {
        [&]() noexcept {
            if constexpr (std::is_default_constructible_v<T>) {
                ConstructAt(&value);
            } else {
                std::terminate();
            }
        }();
        throw;
    }
}

//! Replace a value by one made from args. If that throws the value is still one: the old, a moved-from, or a default.
template <typename T, typename... Args>
void Reconstruct(T& value, Args&&... args)
{
    if constexpr (std::is_nothrow_constructible_v<T, Args...>) {
        std::destroy_at(&value);
        ConstructAt(&value, std::forward<Args>(args)...);
    } else if constexpr (!std::is_move_constructible_v<T> && !std::is_move_assignable_v<T>) {
        ReconstructInPlace(value, std::forward<Args>(args)...);
    } else {
        std::optional<T> made;
        EmplaceIn(made, std::forward<Args>(args)...);
        if constexpr (std::is_move_assignable_v<T> && !std::is_nothrow_move_constructible_v<T>) {
            value = std::move(*made);
        } else {
            // Where moving can throw, and nothing can be assigned, there is no way back.
            [&]() noexcept {
                std::destroy_at(&value);
                ConstructAt(&value, std::move(*made));
            }();
        }
    }
}

} // namespace detail

//! Calls a function that makes the value from the arguments: adds it to a container, returns it, throws it.
template <typename LocalType, typename EmplaceFn>
struct ReadDestEmplace
{
    ReadDestEmplace(TypeList<LocalType>, EmplaceFn emplace_fn) : m_emplace_fn(std::move(emplace_fn)) {}

    template <typename... Args>
    decltype(auto) construct(Args&&... args)
    {
        return m_emplace_fn(std::forward<Args>(args)...);
    }

    template <typename UpdateFn>
    decltype(auto) update(UpdateFn&& update_fn)
    {
        if constexpr (std::is_const_v<std::remove_reference_t<decltype(m_emplace_fn())>>) {
            // What was emplaced can't be changed any more.
            std::remove_cv_t<LocalType> temp{};
            update_fn(temp);
            return construct(std::move(temp));
        } else {
            decltype(auto) made = construct();
            update_fn(made);
            return made;
        }
    }

    EmplaceFn m_emplace_fn;
};

//! An optional without a value yet.
template <typename Value>
struct ReadDestOptional : ReadDestEmplace<Value, detail::EmplaceFn<Value>>
{
    explicit ReadDestOptional(std::optional<Value>& value)
        : ReadDestEmplace<Value, detail::EmplaceFn<Value>>(TypeList<Value>(), detail::EmplaceFn<Value>{value})
    {
    }
};

//! An existing object.
template <typename Value>
struct ReadDestUpdate
{
    // NOLINTNEXTLINE(google-explicit-constructor): as applications know it
    ReadDestUpdate(Value& value) : m_value(value) {}

    template <typename UpdateFn>
    Value& update(UpdateFn&& update_fn)
    {
        update_fn(m_value);
        return m_value;
    }

    //! Needs no assignment operator.
    template <typename... Args>
    Value& construct(Args&&... args)
    {
        detail::Reconstruct(m_value, std::forward<Args>(args)...);
        return m_value;
    }

    Value& m_value;
};

//! A new object, which the reader returns.
template <typename LocalType>
auto ReadDestTemp()
{
    return ReadDestEmplace{TypeList<LocalType>(), [](auto&&... args) -> decltype(auto) {
                               return LocalType{std::forward<decltype(args)>(args)...};
                           }};
}

} // namespace mp

#endif // MP_PROXY_READ_DEST_H
