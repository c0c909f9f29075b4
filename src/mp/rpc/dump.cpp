#include "dump.h"

#include <capnp/dynamic.h>
#include <capnp/pretty-print.h>

namespace mp {

std::string Dump(EventLoop& loop, capnp::StructSchema schema, capnp::AnyStruct::Reader data)
{
    return LogEscape(kj::strTree(data.as<capnp::DynamicStruct>(schema)), loop.m_log_opts.max_chars);
}

} // namespace mp
