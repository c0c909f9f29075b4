#ifndef EXAMPLE_TYPES_H
#define EXAMPLE_TYPES_H

// Conversions that the schemas here use.

#include "calculator.capnp.proxy-types.h"
#include "printer.capnp.proxy-types.h"

#include <mp/type-context.h>
#include <mp/type-decay.h>
#include <mp/type-interface.h>
#include <mp/type-number.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-threadmap.h>

#endif // EXAMPLE_TYPES_H
