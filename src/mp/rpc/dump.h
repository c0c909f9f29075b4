#ifndef MP_RPC_DUMP_H
#define MP_RPC_DUMP_H

#include <capnp/any.h>
#include <capnp/schema.h>
#include <mp/log.h>

namespace mp {

//! A struct as text for a Trace message, escaped and cut off.
std::string Dump(const LogOptions& options, capnp::StructSchema schema, capnp::AnyStruct::Reader data);

} // namespace mp

#endif // MP_RPC_DUMP_H
