#include <capnp/dynamic.h>
#include <mp/type-variant.h>

namespace mp::detail {

void ClearMember(capnp::StructSchema schema, capnp::AnyStruct::Builder builder, size_t index)
{
    builder.as<capnp::DynamicStruct>(schema).clear(schema.getUnionFields()[static_cast<unsigned>(index)]);
}

} // namespace mp::detail
