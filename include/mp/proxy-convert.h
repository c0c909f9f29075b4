#ifndef MP_PROXY_CONVERT_H
#define MP_PROXY_CONVERT_H

#include <capnp/any.h>
#include <mp/proxy-field.h>
#include <mp/proxy-invoke.h>
#include <mp/proxy-read-dest.h>

// Conversion of C++ values to fields of messages and back. The work is done by overloads of CustomBuildField and
// CustomReadField, chosen by a TypeList of the C++ type and a Priority: those of the type-*.h headers, and those of
// applications, in namespace mp or in that of their types, declared before or after this header.
namespace mp {

// Presence

//! Whether a field that is read has a value; consulted for types that can be without one (optional, pointers).
template <typename... LocalTypes, typename Input>
bool CustomHasField(TypeList<LocalTypes...>, InvokeContext&, const Input& input)
{
    return input.has();
}

//! Whether a value is built at all; otherwise the field keeps its default.
template <typename... Values>
bool CustomHasValue(InvokeContext&, const Values&...)
{
    return true;
}

// Whether there is a conversion

namespace detail {
template <typename LocalTypes>
struct Bare;
template <typename... LocalTypes>
struct Bare<TypeList<LocalTypes...>>
{
    using Types = TypeList<RemoveCvRef<LocalTypes>...>;
};
} // namespace detail

//! Whether a builder takes values of C++ types, a TypeList of them, to an output.
template <typename LocalTypes, typename Context, typename Output, typename... Values>
concept Buildable = requires(Context& context, Output&& output, Values&&... values)
{
    CustomBuildField(LocalTypes(), Priority<3>(), context, std::forward<Values>(values)...,
                     std::forward<Output>(output));
};

//! Whether a reader makes the C++ types of a TypeList from an input; args are as those of ReadField.
template <typename LocalTypes, typename Input, typename... Args>
concept Readable = requires(InvokeContext& invoke_context, Input&& input, Args&&... args)
{
    CustomReadField(typename detail::Bare<LocalTypes>::Types(), Priority<2>(), invoke_context,
                    std::forward<Input>(input), std::forward<Args>(args)...);
};

// Entry points

//! Build the field, or list element, that output stands for.
template <typename... LocalTypes, typename Context, typename... Values, typename Output>
void BuildField(TypeList<LocalTypes...>, Context& context, Output&& output, Values&&... values)
{
    static_assert(Buildable<TypeList<LocalTypes...>, Context, Output, Values...>,
                  "this C++ type can't be built into this field: include the mp/type-*.h header that can, or write a "
                  "CustomBuildField");
    if (CustomHasValue(context, values...)) {
        CustomBuildField(TypeList<LocalTypes...>(), Priority<3>(), context, std::forward<Values>(values)...,
                         std::forward<Output>(output));
    }
}

//! Read the field, or list element, that input stands for, into the read destination in args; there is none for fields
//! that stand for no C++ value. Returns what the destination returns.
template <typename... LocalTypes, typename Input, typename... Args>
decltype(auto) ReadField(TypeList<LocalTypes...>, InvokeContext& invoke_context, Input&& input, Args&&... args)
{
    static_assert(Readable<TypeList<LocalTypes...>, Input, Args...>,
                  "this C++ type can't be read from this field: include the mp/type-*.h header that can, or write a "
                  "CustomReadField");
    return CustomReadField(TypeList<RemoveCvRef<LocalTypes>...>(), Priority<2>(), invoke_context,
                           std::forward<Input>(input), std::forward<Args>(args)...);
}

// Exceptions

//! Throw what a result field declared as an exception holds.
template <typename LocalType, typename Input>
void ThrowField(TypeList<LocalType>, InvokeContext& invoke_context, Input&& input)
{
    ReadField(TypeList<LocalType>(), invoke_context, std::forward<Input>(input),
              ReadDestEmplace(TypeList<LocalType>(), [](auto&&... args) -> const LocalType& {
                  throw LocalType{std::forward<decltype(args)>(args)...};
              }));
}

//! A std::exception arrives as std::runtime_error of the same text.
template <typename Input>
void ThrowField(TypeList<std::exception>, InvokeContext&, Input&& input)
{
    const auto text = input.get();
    throw std::runtime_error(std::string(CharCast(text.begin()), text.size()));
}

// Fallback builders

//! Fields whose values are set as a whole. BuildPrimitive overloads convert the value to the field's type.
template <typename LocalType, typename Value, typename Output>
void CustomBuildField(TypeList<LocalType>, Priority<0>, InvokeContext& invoke_context, Value&& value,
                      Output&& output) requires requires
{
    BuildPrimitive(invoke_context, std::forward<Value>(value), TypeList<decltype(output.get())>());
}
{
    output.set(BuildPrimitive(invoke_context, std::forward<Value>(value), TypeList<decltype(output.get())>()));
}

// Lists

namespace detail {
template <typename List>
inline constexpr ::capnp::Kind ElementKind = ::capnp::Kind::OTHER;
template <typename T, ::capnp::Kind kind>
inline constexpr ::capnp::Kind ElementKind<::capnp::List<T, kind>> = kind;

//! Whether elements of such a list can be null pointers.
template <typename List>
inline constexpr bool HasNullElements =
    ElementKind<List> == ::capnp::Kind::BLOB || ElementKind<List> == ::capnp::Kind::LIST ||
    ElementKind<List> == ::capnp::Kind::INTERFACE;

template <typename List>
bool IsNullElement(const List& list, unsigned index)
{
    return ::capnp::AnyList::Reader(list).template as<::capnp::List<::capnp::AnyPointer>>()[index].isNull();
}

//! An element of a list that is read.
template <typename List, typename Value>
class ListElement : public ValueField<Value>
{
public:
    ListElement(const List& list, unsigned index, Value& value) : ValueField<Value>(value), m_list(list), m_index(index)
    {
    }
    static constexpr bool can_be_null = HasNullElements<typename List::Reads>;
    //! Whether it is a null pointer, which get() shows as a default value.
    bool isNull() const { return IsNullElement(m_list, m_index); }

private:
    const List& m_list;
    const unsigned m_index;
};

//! A capability in a list that is read: made only by get(), which is called owning the loop.
template <typename List>
class InterfaceElement
{
public:
    InterfaceElement(const List& list, unsigned index) : m_list(list), m_index(index) {}

    auto get() const { return m_list[m_index]; }
    bool has() const { return !IsNullElement(m_list, m_index); }

private:
    const List& m_list;
    const unsigned m_index;
};

//! Elements of a container that is given away are given away too.
template <typename Container, typename Element>
decltype(auto) ForwardElement(Element&& element)
{
    if constexpr (std::is_lvalue_reference_v<Container> || !std::is_lvalue_reference_v<Element&&>) {
        return std::forward<Element>(element);
    } else {
        return static_cast<std::remove_reference_t<Element>&&>(element);
    }
}

//! Read one element of a list.
template <typename LocalType, typename List, typename ReadDest>
void ReadElement(TypeList<LocalType>, InvokeContext& invoke_context, const List& list, unsigned index, ReadDest&& dest)
{
    if constexpr (ElementKind<typename List::Reads> == ::capnp::Kind::INTERFACE) {
        ReadField(TypeList<LocalType>(), invoke_context, InterfaceElement<List>(list, index), dest);
    } else {
        auto element = list[index];
        ReadField(TypeList<LocalType>(), invoke_context, ListElement<List, decltype(element)>(list, index, element),
                  dest);
    }
}

//! Structs without content take no room in a message, but do in memory: a few bytes could ask for any number of them.
template <typename List>
void CheckLength(const List& list)
{
    constexpr unsigned MAX_EMPTY = 1 << 20;
    if constexpr (ElementKind<typename List::Reads> == ::capnp::Kind::STRUCT) {
        if (list.size() <= MAX_EMPTY) return;
        const ::capnp::AnyStruct::Reader first(list[0]);
        if (first.getDataSection().size() == 0 && first.getPointerSection().size() == 0) {
            throw std::range_error("list of too many elements that take no room received");
        }
    }
}

//! Containers construct elements with parentheses, which not every compiler takes for classes without constructors.
template <typename Element, typename EmplaceFn, typename Value, typename... Args>
decltype(auto) EmplaceElement(EmplaceFn& emplace, Value& value, Args&&... args)
{
    if constexpr (!std::is_constructible_v<Element, Args...> && requires { Element{std::forward<Args>(args)...}; }) {
        return emplace(value, Element{std::forward<Args>(args)...});
    } else {
        return emplace(value, std::forward<Args>(args)...);
    }
}
} // namespace detail

//! Build a list from a container with size() and iterators.
template <typename LocalType, typename Value, typename Output>
void BuildList(TypeList<LocalType>, InvokeContext& invoke_context, Output&& output, Value&& value)
{
    auto list = output.init(FieldSize(value.size()));
    size_t i = 0;
    for (auto&& element : value) {
        BuildField(TypeList<LocalType>(), invoke_context, ListOutput<typename decltype(list)::Builds>(list, i),
                   detail::ForwardElement<Value>(std::forward<decltype(element)>(element)));
        ++i;
    }
}

//! Read a list into a container: init(value, count) once, then emplace(value, args...) for each element, which
//! constructs it in the container and returns a reference to it.
template <typename LocalType, typename Input, typename ReadDest, typename InitFn, typename EmplaceFn>
decltype(auto) ReadList(TypeList<LocalType>, InvokeContext& invoke_context, Input&& input, ReadDest&& read_dest,
                        InitFn&& init, EmplaceFn&& emplace)
{
    return read_dest.update([&](auto& value) {
        const auto list = input.get();
        detail::CheckLength(list);
        init(value, list.size());
        for (unsigned i = 0; i < list.size(); ++i) {
            detail::ReadElement(TypeList<LocalType>(), invoke_context, list, i,
                                ReadDestEmplace(TypeList<LocalType>(), [&](auto&&... args) -> decltype(auto) {
                                    return detail::EmplaceElement<LocalType>(emplace, value,
                                                                             std::forward<decltype(args)>(args)...);
                                }));
        }
    });
}

} // namespace mp

#include <mp/type-decay.h>

#endif // MP_PROXY_CONVERT_H
