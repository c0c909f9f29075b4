#ifndef MP_TEST_TYPES_LEND_TYPES_H
#define MP_TEST_TYPES_LEND_TYPES_H

#include <mp/type-data.h>
#include <mp/type-number.h>
#include <mp/type-vector.h>
#include <stdexcept>
#include <types/lend.h>

namespace types {

//! Builds from a value that is gone before the message is sent.
template <typename Value, typename Output>
void CustomBuildField(mp::TypeList<Twice>, mp::Priority<1>, mp::InvokeContext& context, Value&& value, Output&& output)
{
    if (value.bytes.empty()) throw std::invalid_argument("nothing to send");
    std::vector<char> twice(value.bytes);
    twice.insert(twice.end(), value.bytes.begin(), value.bytes.end());
    mp::BuildField(mp::TypeList<std::vector<char>>(), context, output, twice);
}

template <typename Value, typename Output>
void CustomBuildField(mp::TypeList<Masked>, mp::Priority<1>, mp::InvokeContext& context, Value&& value, Output&& output)
{
    value.invert();
    mp::BuildField(mp::TypeList<std::vector<char>>(), context, output, value.bytes);
    value.invert();
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(mp::TypeList<Masked>, mp::Priority<1>, mp::InvokeContext& context, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(
        Masked{mp::ReadField(mp::TypeList<std::vector<char>>(), context, input, mp::ReadDestTemp<std::vector<char>>())});
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(mp::TypeList<Twice>, mp::Priority<1>, mp::InvokeContext& context, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(
        Twice{mp::ReadField(mp::TypeList<std::vector<char>>(), context, input, mp::ReadDestTemp<std::vector<char>>())});
}

} // namespace types

#endif // MP_TEST_TYPES_LEND_TYPES_H
