#ifndef MP_PROXY_FIELD_H
#define MP_PROXY_FIELD_H

#include <capnp/list.h>
#include <mp/proxy.h>
#include <stdexcept>
#include <string>
#include <utility>

// Places in a message that values are built into and read from. Builders use get(), init(), set() and, of struct
// fields, setHas(); readers use get() and has().
namespace mp {

//! A number of bytes or elements, as the init functions of Cap'n Proto take it.
//! @throws std::length_error if it is more than a message can hold
inline unsigned FieldSize(size_t size)
{
    constexpr size_t MAX = (size_t{1} << 29) - 1;
    if (size > MAX) throw std::length_error(std::to_string(size) + " elements are too many for a message");
    return static_cast<unsigned>(size);
}

//! A reader, builder or value that stands for itself, such as a list's element. Refers to it.
template <typename Value>
class ValueField
{
public:
    // NOLINTBEGIN(google-explicit-constructor): as applications know them
    ValueField(Value& value) : m_value(value) {}
    //! For a temporary; not used after the full expression.
    ValueField(Value&& value) : m_value(value) {}
    // NOLINTEND(google-explicit-constructor)
    Value& m_value;

    const Value& get() const { return m_value; }
    Value& get() { return m_value; }
    //! The builder as it is.
    Value& init() { return m_value; }
    bool has() const { return true; }
};

//! One field of a struct, of parameters or of results.
template <typename Accessor, typename Struct>
struct StructField
{
    template <typename S>
    // NOLINTNEXTLINE(google-explicit-constructor): as applications know it
    StructField(S& struct_) : m_struct(struct_)
    {
    }
    Struct& m_struct;

    decltype(auto) get() const { return Accessor::get(m_struct); }

    //! Whether the field has a value: its hasX companion, or whether its pointer is set; always, if it has neither.
    bool has() const
    {
        if constexpr (Accessor::optional) {
            return Accessor::getHas(m_struct);
        } else if constexpr (Accessor::boxed) {
            return Accessor::has(m_struct);
        } else {
            return true;
        }
    }
    //! Whether the caller asked for the field: its wantX companion.
    bool want() const
    {
        if constexpr (Accessor::requested) {
            return Accessor::getWant(m_struct);
        } else {
            return true;
        }
    }

    template <typename... Args>
    decltype(auto) set(Args&&... args) const
    {
        return Accessor::set(m_struct, std::forward<Args>(args)...);
    }
    template <typename... Args>
    decltype(auto) init(Args&&... args) const
    {
        return Accessor::init(m_struct, std::forward<Args>(args)...);
    }
    //! Only where the accessor can; those that applications write may not.
    template <typename Orphan, typename A = Accessor>
    auto adopt(Orphan&& orphan) const -> decltype(A::adopt(m_struct, std::forward<Orphan>(orphan)))
    {
        return A::adopt(m_struct, std::forward<Orphan>(orphan));
    }
    void setHas() const
    {
        if constexpr (Accessor::optional) Accessor::setHas(m_struct);
    }
    void setWant() const
    {
        if constexpr (Accessor::requested) Accessor::setWant(m_struct);
    }
};

namespace detail {

//! Builders of types that can be without a value say so of one they build; not every output has room for that.
template <typename Output>
void SetHas(const Output& output)
{
    if constexpr (requires { output.setHas(); }) output.setHas();
}

//! The schema's struct behind a reader or a builder.
template <typename Message>
struct MessageStruct;
template <typename Message>
    requires requires { typename Message::Reads; }
struct MessageStruct<Message>
{
    using Type = typename Message::Reads;
};
template <typename Message>
    requires requires { typename Message::Builds; }
struct MessageStruct<Message>
{
    using Type = typename Message::Builds;
};

//! Field number index of a reader or a builder, whichever struct it is of.
template <size_t index, typename Message>
auto FieldOf(Message& message)
{
    using Accessors = typename ProxyStruct<typename MessageStruct<std::remove_const_t<Message>>::Type>::Accessors;
    return Make<StructField, std::tuple_element_t<index, Accessors>>(message);
}

} // namespace detail

//! One element of a list under construction.
template <typename ListType>
struct ListOutput;

template <typename T, ::capnp::Kind kind>
struct ListOutput<::capnp::List<T, kind>>
{
    using Builder = typename ::capnp::List<T, kind>::Builder;

    ListOutput(Builder& builder, size_t index) : m_builder(builder), m_index(static_cast<unsigned>(index)) {}
    Builder& m_builder;
    unsigned m_index;

    decltype(auto) get() const { return m_builder[m_index]; }

    //! Elements that are structs exist already.
    decltype(auto) init() const { return m_builder[m_index]; }

    template <typename Arg>
    decltype(auto) init(Arg&& arg) const
    {
        return m_builder.init(m_index, std::forward<Arg>(arg));
    }
    template <typename Arg>
    void set(Arg&& arg) const
    {
        if constexpr (kind == ::capnp::Kind::STRUCT) {
            m_builder.setWithCaveats(m_index, std::forward<Arg>(arg));
        } else {
            m_builder.set(m_index, std::forward<Arg>(arg));
        }
    }
};

} // namespace mp

#endif // MP_PROXY_FIELD_H
