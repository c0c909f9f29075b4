#ifndef MP_TEST_TYPES_TYPES_TYPES_H
#define MP_TEST_TYPES_TYPES_TYPES_H

#include <mp/type-array.h>
#include <mp/type-context.h>
#include <mp/type-data.h>
#include <mp/type-function.h>
#include <mp/type-interface.h>
#include <mp/type-map.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-pointer.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-threadmap.h>
#include <mp/type-tuple.h>
#include <mp/type-variant.h>
#include <mp/type-vector.h>

#endif // MP_TEST_TYPES_TYPES_TYPES_H
