#ifndef GOLDEN_VALUES_TYPES_H
#define GOLDEN_VALUES_TYPES_H

// Before the library's other headers, and without them: hooks work in any order.

#include <mp/type-message.h>
#include <mp/type-tuple.h>
#include <mp/type-unordered-set.h>

namespace mp {

// Worse than the one for structs for a value that is given away; so it is never instantiated, and needs no setText.
template <typename Output>
void CustomBuildField(TypeList<golden::Custom>, Priority<1>, InvokeContext&, const golden::Custom& value,
                      Output&& output)
{
    output.setText(value.text);
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<golden::Custom>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    const auto reader = input.get();
    return read_dest.construct(std::string("custom ") + reader.getText().cStr(), reader.getNumber());
}

template <typename Value, typename Output>
void CustomBuildField(TypeList<golden::Fixed>, Priority<1>, InvokeContext&, Value&& value, Output&& output)
{
    output.set(value.number());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<golden::Fixed>, Priority<1>, InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(input.get());
}

//! An empty element of a list stands for a null pointer.
template <typename Input>
bool CustomHasField(TypeList<golden::Bytes>, InvokeContext&, const Input& input)
{
    return input.get().size() != 0;
}

inline void CustomBuildMessage(InvokeContext&, const golden::Message& src, golden::messages::Traced::Builder&& builder)
{
    builder.setTrace(src.trace + " build");
}

inline void CustomReadMessage(InvokeContext&, const golden::messages::Traced::Reader& reader, golden::Message& dest)
{
    dest.trace = std::string(reader.getTrace()) + " read";
}

inline void CustomBuildMessage(InvokeContext&, const golden::Mutable& src, golden::messages::Traced::Builder&& builder)
{
    builder.setTrace(src.trace + " build");
}

inline void CustomReadMessage(InvokeContext&, const golden::messages::Traced::Reader& reader, golden::Mutable& dest)
{
    dest.trace = std::string(reader.getTrace()) + " read";
}

inline void CustomPassMessage(InvokeContext&, const golden::messages::Traced::Reader& reader,
                              golden::messages::Traced::Builder builder, std::function<void(golden::Mutable&)>&& fn)
{
    golden::Mutable value;
    value.trace = std::string(reader.getTrace()) + " pass";
    fn(value);
    builder.setTrace(value.trace + " return");
}

} // namespace mp

#include <mp/type-char.h>
#include <mp/type-chrono.h>
#include <mp/type-context.h>
#include <mp/type-data.h>
#include <mp/type-map.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-pair.h>
#include <mp/type-pointer.h>
#include <mp/type-set.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-vector.h>

#endif // GOLDEN_VALUES_TYPES_H
