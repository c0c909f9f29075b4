#ifndef MP_GEN_COMPILER_H
#define MP_GEN_COMPILER_H

#include "options.h"

#include <string>

namespace mp::gen {

//! Cap'n Proto's programs.
struct Tools
{
    std::string capnp;
    std::string capnpc_cxx;
};

//! Parse the schema, once: capnpc-c++ writes its files below dir, under the names that the request gives them.
//! @return the compiler's CodeGeneratorRequest, encoded. Its diagnostics went to stderr.
//! @throws Error
std::string RunCompiler(const Tools& tools, const Options& options, const std::string& dir);

} // namespace mp::gen

#endif // MP_GEN_COMPILER_H
