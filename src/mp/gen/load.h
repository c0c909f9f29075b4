#ifndef MP_GEN_LOAD_H
#define MP_GEN_LOAD_H

#include "model.h"

#include <capnp/schema.capnp.h>

namespace mp::gen {

//! Read what the Cap'n Proto compiler makes of a schema file. The request has one requested file.
//! @throws kj::Exception, std::exception when the request is malformed
Module Load(capnp::schema::CodeGeneratorRequest::Reader request);

} // namespace mp::gen

#endif // MP_GEN_LOAD_H
