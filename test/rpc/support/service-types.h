// Conversions that service.capnp uses.
#ifndef MP_TEST_RPC_SUPPORT_SERVICE_TYPES_H
#define MP_TEST_RPC_SUPPORT_SERVICE_TYPES_H

#include <mp/type-context.h>
#include <mp/type-data.h>
#include <mp/type-decay.h>
#include <mp/type-exception.h>
#include <mp/type-function.h>
#include <mp/type-interface.h>
#include <mp/type-number.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-threadmap.h>

#endif // MP_TEST_RPC_SUPPORT_SERVICE_TYPES_H
