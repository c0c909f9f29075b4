#include "dump.h"

#include <capnp/dynamic.h>
#include <capnp/pretty-print.h>

namespace mp {

std::string Dump(EventLoop& loop, capnp::StructSchema schema, capnp::AnyStruct::Reader data)
{
    // The text is made as a whole before it is cut off.
    constexpr uint64_t MAX_WORDS = 64 << 10;
    const uint64_t words = data.totalSize().wordCount;
    if (words > MAX_WORDS) return "(" + std::to_string(words) + " words)";
    return LogEscape(kj::strTree(data.as<capnp::DynamicStruct>(schema)), loop.m_log_opts.max_chars);
}

} // namespace mp
