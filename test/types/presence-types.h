#ifndef MP_TEST_TYPES_PRESENCE_TYPES_H
#define MP_TEST_TYPES_PRESENCE_TYPES_H

#include <mp/type-context.h>
#include <mp/type-exception.h>
#include <mp/type-number.h>
#include <mp/type-string.h>
#include <mp/type-threadmap.h>

#endif // MP_TEST_TYPES_PRESENCE_TYPES_H
