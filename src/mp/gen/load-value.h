#ifndef MP_GEN_LOAD_VALUE_H
#define MP_GEN_LOAD_VALUE_H

#include "model.h"

#include <capnp/schema.capnp.h>

namespace mp::gen {

Type LoadType(capnp::schema::Type::Reader reader);
Brand LoadBrand(capnp::schema::Brand::Reader reader);
Value LoadValue(capnp::schema::Value::Reader reader);
Annotations LoadAnnotations(capnp::List<capnp::schema::Annotation>::Reader reader);

} // namespace mp::gen

#endif // MP_GEN_LOAD_VALUE_H
