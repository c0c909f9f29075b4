#ifndef PARENT_INIT_TYPES_H
#define PARENT_INIT_TYPES_H

#include "left/item.capnp.proxy-types.h"
#include "right/item.capnp.proxy-types.h"

#include <mp/type-context.h>
#include <mp/type-interface.h>
#include <mp/type-threadmap.h>

#endif // PARENT_INIT_TYPES_H
